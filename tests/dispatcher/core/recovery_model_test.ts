import fc from "fast-check";
import { RecoveryModel, WORKERS } from "./recovery_model.ts";

/*
 * Random histories of workers that come and go in every way, of readers that share what they make, and of dispatchers
 * that start again: whatever happens, every element is delivered once.
 */

const worker = fc.nat(WORKERS.length - 1);
const reader = fc.nat(2);
const few = fc.integer({ min: 1, max: 4 });
const yes = fc.boolean();

type Step = (model: RecoveryModel) => void;

function step(name: string, step: Step): Step {
  return Object.assign(step, { toString: () => name });
}

const always: fc.WeightedArbitrary<Step>[] = [
  { weight: 3, arbitrary: worker.map((w) => step(`start ${w}`, (m) => m.start(w))) },
  {
    weight: 8,
    arbitrary: fc.tuple(worker, yes).map(([w, repeat]) =>
      step(`work ${w} ${repeat}`, (m) => m.work(w, repeat))
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(reader, worker, few).map(([r, w, n]) =>
      step(`fetch ${r} ${w} ${n}`, (m) => m.fetch(r, w, n))
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(reader, few).map(([r, n]) => step(`take ${r} ${n}`, (m) => m.take(r, n))),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(reader, yes).map(([r, answered]) =>
      step(`heartbeat ${r} ${answered}`, (m) => m.heartbeat(r, answered))
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(worker, fc.constantFrom("kill", "leave", "restart", "drain")).map(([w, how]) =>
      step(`${how} ${w}`, (m) => m.stop(w, how as "kill"))
    ),
  },
  { weight: 1, arbitrary: fc.constant(step("silence", (m) => m.silence())) },
  { weight: 1, arbitrary: fc.constant(step("join", (m) => m.readers.length < 3 && m.join())) },
  { weight: 1, arbitrary: yes.map((snapshot) => step(`restart ${snapshot}`, (m) => m.restart(snapshot))) },
];

const leaving: fc.WeightedArbitrary<Step>[] = [{
  weight: 1,
  arbitrary: fc.tuple(reader, yes).map(([r, silently]) =>
    // The pass of a job without a name goes with its last reader.
    step(`leave ${r} ${silently}`, (m) => m.readers.length > 1 && m.leave(r, silently))
  ),
}];

const resuming: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 2,
    // Killed between two heartbeats.
    arbitrary: fc.tuple(reader, few).map(([r, n]) =>
      step(`stop ${r} after ${n}`, (m) => {
        m.take(r, n);
        m.checkpoint(r);
        m.resume(0);
      })
    ),
  },
  { weight: 2, arbitrary: reader.map((r) => step(`checkpoint ${r}`, (m) => m.checkpoint(r))) },
  { weight: 2, arbitrary: fc.nat(3).map((token) => step(`resume ${token}`, (m) => m.resume(token))) },
];

/** What happens while everybody comes to the end. */
const late: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(step("nothing", () => {})) },
  {
    weight: 1,
    arbitrary: fc.tuple(worker, fc.constantFrom("kill", "leave", "restart", "drain")).map(([w, how]) =>
      step(`late ${how} ${w}`, (m) => m.stop(w, how as "kill"))
    ),
  },
  { weight: 1, arbitrary: fc.nat(3).map((token) => step(`late resume ${token}`, (m) => m.resume(token))) },
);

function check(named: boolean, steps: fc.Arbitrary<Step[]>, numRuns: number): void {
  fc.assert(
    fc.property(steps, fc.array(late, { maxLength: 12 }), (steps, events) => {
      const model = new RecoveryModel(named);
      for (const step of steps) {
        step(model);
        model.checkLeases();
      }
      model.finish(events);
      model.restart(false);
      model.checkDelivered();
    }),
    { numRuns },
  );
}

function histories(...kinds: fc.WeightedArbitrary<Step>[][]): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...kinds.flat()), { maxLength: 80, size: "max" });
}

Deno.test("whatever becomes of the workers, every element is delivered once", () => {
  check(false, histories(always), 150);
});

Deno.test("whatever becomes of workers and readers, every element is delivered once", () => {
  check(false, histories(always, leaving), 150);
  check(true, histories(always, leaving), 150);
});

Deno.test("whoever goes on from a checkpoint gets what was taken after it, and others nothing twice", () => {
  check(true, histories(always, resuming), 150);
});
