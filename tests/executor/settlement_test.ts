import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SeededRandom } from "../../src/base/mod.ts";
import { ConsumedSet } from "../../src/element/mod.ts";
import { DONE, execute, Settlement } from "../../src/executor/mod.ts";
import { SplitPass } from "../../src/executor/tracking.ts";
import { checkNode, type GraphNode, ShardingPolicy } from "../../src/graph/mod.ts";
import { serviceNode } from "../client/support/fixture.ts";
import { batch, map } from "./operator_table.ts";
import { fn, range, testContext } from "./support.ts";

Deno.test("what came with elements that the program got is settled, and nothing else", () => {
  const entry = fc.record({ pass: fc.nat(2), index: fc.nat(30), length: fc.integer({ min: 1, max: 3 }) });
  const pull = fc.record({ entries: fc.array(entry, { maxLength: 3 }), isAsked: fc.boolean() });
  fc.assert(
    fc.property(fc.array(pull, { maxLength: 30 }), fc.array(entry), (pulls, gathered) => {
      const settlement = new Settlement();
      const passes = [new SplitPass(0, 0), new SplitPass(0, 1), new SplitPass(3, 0)];
      const expected = new ConsumedSet();
      const note = ({ pass, index, length }: { pass: number; index: number; length: number }) => {
        for (let at = index; at < index + length; at++) settlement.ledger.add(passes[pass], at);
      };
      for (const { entries, isAsked } of pulls) {
        entries.forEach(note);
        settlement.settle();
        for (const { pass, index, length } of entries) {
          const { source, repetition } = passes[pass];
          expected.add(source, repetition, index, index + length);
        }
        if (isAsked) assertEquals(settlement.consumed.sources(), expected.sources());
      }
      gathered.forEach(note);
      assertEquals(settlement.consumed.sources(), expected.sources());
    }),
    { numRuns: 500 },
  );
});

const service = serviceNode({ shardingPolicy: ShardingPolicy.DYNAMIC });
const COUNT = 25;

/** Pipelines behind a service that gives the numbers below 25 in any order, and how many elements each gives. */
const PIPELINES: Record<string, [GraphNode, number]> = {
  "shuffle, batch": [batch(shuffled(service, 6), 4), 7],
  "take, shuffle": [shuffled(checkNode({ op: "take", inputs: [service], count: 18 }), 5), 18],
  "skip, prefetch": [prefetched(checkNode({ op: "skip", inputs: [service], count: 7 })), 18],
  "shard, shuffle": [shuffled(checkNode({ op: "shard", inputs: [service], num: 3, index: 1 }), 4), 8],
  "zip with local, shuffle": [shuffled(checkNode({ op: "zip", inputs: [service, range(20)] }), 5), 20],
  "parallel map as ready": [
    checkNode({
      op: "map",
      inputs: [service],
      fn: fn((x: number) => x % 2 === 0 ? Promise.resolve(x) : x),
      parallel: 3,
      deterministic: false,
    }),
    COUNT,
  ],
  "enumerate, shuffle": [shuffled(checkNode({ op: "enumerate", inputs: [service], start: 100 }), 5), COUNT],
  "concatenate": [
    shuffled(checkNode({ op: "concatenate", inputs: [map(service, (x: number) => x), range(9)] }), 7),
    COUNT + 9,
  ],
};

function shuffled(input: GraphNode, bufferSize: number): GraphNode {
  return checkNode({ op: "shuffle", inputs: [input], bufferSize, seed: null, reshuffleEachIteration: true });
}

function prefetched(input: GraphNode): GraphNode {
  return checkNode({ op: "prefetch", inputs: [input], bufferSize: 4 });
}

/** A service of one place, which gives what is left in an order of its own. */
class FakeService {
  left: number[] = Array.from({ length: COUNT }, (_, i) => i);
  position = 0;
  #given: number[] = [];
  #at = 0;

  open(random: SeededRandom, later: boolean) {
    this.#given = [];
    this.position = 0;
    const waiting = this.left.map((x) => [random.float(), x]).sort(([a], [b]) => a - b).map(([, x]) => x);
    const next = () => {
      const x = waiting.shift();
      if (x === undefined) return DONE;
      this.#given.push(x);
      this.position++;
      return x;
    };
    return (_node: unknown, { at }: { at: number }) => {
      this.#at = at;
      const reader = { next: () => later ? Promise.resolve().then(next) : next(), close: () => {} };
      return Object.defineProperty(reader, "position", { get: () => this.position }) as typeof reader & {
        position: number;
      };
    };
  }

  /** Forgets what has come to the program; gives what else is settled. */
  keep(settlement: Settlement): { consumed: ConsumedSet; begun: Map<number, number> } {
    const numbers = settlement.numbersOf(this.#at, 0);
    this.left = this.left.filter((x) => !this.#given.some((y, i) => y === x && numbers.has(i)));
    const consumed = settlement.consumed.sources().filter(({ source }) => source !== this.#at);
    return { consumed: new ConsumedSet(consumed), begun: new Map([[this.#at, 1]]) };
  }
}

for (const [name, [root, count]] of Object.entries(PIPELINES)) {
  Deno.test(`the program gets each element once, whenever it goes on from where it stood: ${name}`, async () => {
    const parts = fc.array(fc.nat(10), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(999), fc.boolean(), async (parts, seed, later) => {
        const random = new SeededRandom(seed);
        const remote = new FakeService();
        const given: number[][] = [];
        let before: ReturnType<FakeService["keep"]> | undefined;
        for (const most of [...parts, Infinity]) {
          const settlement: Settlement = new Settlement(before);
          const dataService = remote.open(random, later);
          const iterator = execute(root, testContext({ settlement, dataService, random }));
          for (let i = 0; i < most; i++) {
            const element = await iterator.next();
            if (element === DONE) break;
            settlement.settle();
            given.push(
              [element].flat(3).flatMap((x) => ArrayBuffer.isView(x) ? [...x as Float64Array] : x as number),
            );
          }
          before = remote.keep(settlement);
          await iterator.close();
        }
        if (!name.includes("batch")) assertEquals(given.length, count);
        const numbers = given.flat();
        if (!name.includes("local") && name !== "concatenate") {
          assertEquals(new Set(numbers).size, numbers.length);
        }
        if (name.includes("batch")) assertEquals(numbers.length, COUNT);
        if (name.includes("local")) {
          assertEquals(
            given.map(([, x]) => x).sort((a, b) => a - b),
            Array.from({ length: 20 }, (_, i) => i),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
}
