import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { UnavailableError } from "../../../src/base/mod.ts";
import { type SplitGrant, SplitLease } from "../../../src/worker/host/split_lease.ts";

function grant(numbers: number[], rest: Partial<SplitGrant> = {}): SplitGrant {
  const splits = numbers.map((start) => ({ start, end: start + 1 }));
  return { splits, ended: false, sourceIsEmpty: false, ...rest };
}

/** A dispatcher that writes down what it is asked and answers by script. */
class Script {
  readonly asked: [repetition: number, requestId: number][] = [];
  readonly lease: SplitLease;
  constructor(answers: (SplitGrant | Error)[]) {
    this.lease = new SplitLease((repetition, requestId) => {
      this.asked.push([repetition, requestId]);
      const answer = answers.shift()!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
  }
}

Deno.test("splits come in order, and the next lease is asked for while the last split is read", async () => {
  const { lease, asked } = new Script([grant([0, 1]), grant([2], { ended: true })]);
  assertEquals((await lease.next(0))?.start, 0);
  assertEquals(asked.length, 1);
  assertEquals(lease.next(0), { start: 1, end: 2 });
  assertEquals(asked, [[0, 1], [0, 2]]);
  assertEquals((await lease.next(0))?.start, 2);
  assertEquals(lease.next(0), null);
  assertEquals(lease.next(0), null);
  assertEquals(asked.length, 2);
});

Deno.test("a later repetition begins the source again, an earlier one has ended", async () => {
  const { lease, asked } = new Script([grant([0], { ended: true }), grant([5, 6]), grant([7])]);
  assertEquals((await lease.next(0))?.start, 0);
  assertEquals(lease.next(0), null);
  assertEquals((await lease.next(2))?.start, 5);
  assertEquals(lease.next(1), null);
  assertEquals(asked, [[0, 1], [2, 2]]);
});

Deno.test("a late worker passes over the repetitions that others have come past without asking", async () => {
  const { lease, asked } = new Script([
    grant([], { ended: true, currentRepetition: 500 }),
    grant([7]),
    grant([], { ended: true, currentRepetition: 500 }),
    grant([8]),
  ]);
  assertEquals(await lease.next(0), null);
  for (let repetition = 1; repetition < 500; repetition++) {
    assertEquals(lease.next(repetition), null);
    assertEquals(lease.next(repetition), null);
  }
  assertEquals(asked.length, 1);
  assertEquals((await lease.next(500))?.start, 7);
  assertEquals(await lease.next(500), null);
  assertEquals((await lease.next(501))?.start, 8);
  assertEquals(asked.slice(0, 4), [[0, 1], [500, 2], [500, 3], [501, 4]]);
});

Deno.test("what a request of an abandoned repetition brings is not taken for the next one's", async () => {
  const { lease, asked } = new Script([grant([0]), grant([1]), grant([9], { ended: true })]);
  assertEquals((await lease.next(0))?.start, 0);
  assertEquals(asked, [[0, 1], [0, 2]], "the second request is on its way");
  assertEquals((await lease.next(1))?.start, 9);
  assertEquals(asked.at(-1), [1, 3]);
});

Deno.test("a request that failed is sent again under its number", async () => {
  const { lease, asked } = new Script([new UnavailableError("away"), grant([4], { ended: true })]);
  await assertRejects(async () => await lease.next(0), UnavailableError, "away");
  assertEquals((await lease.next(0))?.start, 4);
  assertEquals(asked, [[0, 1], [0, 1]]);
});

Deno.test("a lease in advance that fails is an error only for who needs it", async () => {
  const { lease, asked } = new Script([
    grant([0]),
    new UnavailableError("away"),
    grant([1], { ended: true }),
  ]);
  assertEquals((await lease.next(0))?.start, 0);
  await Promise.resolve();
  assertEquals((await lease.next(0))?.start, 1);
  assertEquals(asked, [[0, 1], [0, 2], [0, 2]]);
});

Deno.test("an empty source says so", async () => {
  const { lease } = new Script([grant([], { ended: true, sourceIsEmpty: true })]);
  assertEquals(lease.isEmpty, false);
  assertEquals(await lease.next(0), null);
  assertEquals(lease.isEmpty, true);
});

Deno.test("whatever is cut and fails, every split of a repetition comes once, in order", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
    fc.array(fc.boolean(), { maxLength: 20 }),
    fc.boolean(),
    async (sizes, failures, endWithLast) => {
      let given = 0;
      const answers = new Map<number, SplitGrant>();
      const lease = new SplitLease((_, requestId) => {
        if (!answers.has(requestId)) {
          const size = sizes[requestId - 1] ?? 0;
          const splits = Array.from({ length: size }, () => given++);
          const ended = requestId > sizes.length || (endWithLast && requestId === sizes.length);
          answers.set(requestId, grant(splits, { ended }));
        }
        // The dispatcher has leased the splits even if its answer is lost.
        if (failures.shift()) return Promise.reject(new UnavailableError("lost"));
        return Promise.resolve(answers.get(requestId)!);
      });
      const seen: number[] = [];
      for (;;) {
        try {
          const split = await lease.next(0);
          if (split === null) break;
          seen.push(split.start);
        } catch {
          continue;
        }
      }
      assertEquals(seen, Array.from({ length: sizes.reduce((a, b) => a + b, 0) }, (_, i) => i));
    },
  ));
});
