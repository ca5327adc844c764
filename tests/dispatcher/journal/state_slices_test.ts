import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InternalError, joinBytes, SeededRandom } from "../../../src/base/mod.ts";
import { createState } from "../../../src/dispatcher/core/state.ts";
import { StateWriter, writeState } from "../../../src/dispatcher/journal/state_text.ts";
import { RecoveryModel, WORKERS } from "../core/recovery_model.ts";
import { foldInto, stateAfter, things } from "./support.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A snapshot in the making. */
interface Making {
  readonly expected: string;
  readonly slices: Iterator<Uint8Array<ArrayBuffer>>;
  readonly made: Uint8Array<ArrayBuffer>[];
}

Deno.test("whatever happens between its slices, a state is written as it was before the first", () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, named) => {
      const random = new SeededRandom(seed);
      const below = (n: number) => random.uint32() % n;
      const yes = () => below(2) === 0;
      const model = new RecoveryModel(named);
      const steps = [
        () => model.start(below(WORKERS.length)),
        () => model.work(below(WORKERS.length), yes()),
        () => model.work(below(WORKERS.length), yes()),
        () => model.fetch(below(3), below(WORKERS.length), 1 + below(4)),
        () => model.take(below(3), 1 + below(4)),
        () => model.heartbeat(below(3), yes()),
        () => model.stop(below(WORKERS.length), (["kill", "leave", "restart", "drain"] as const)[below(4)]),
        () => model.silence(),
        () => model.readers.length < 3 && model.join(),
        () => model.readers.length > 1 && model.leave(below(3), yes()),
      ];
      let making: Making[] = [];
      for (let i = 0; i < 120; i++) {
        if (below(6) === 0) {
          const { state } = model.core;
          const slices = new StateWriter(state).slices(1);
          making.push({ expected: textOf(writeState(state)), slices, made: [] });
        }
        steps[below(steps.length)]();
        making = making.filter((each) => !pull(each, below(8)));
      }
      for (const each of making) assert(pull(each, Infinity));
    }),
    { numRuns: 60 },
  );
});

/** Makes so many slices; whether there are no more. */
function pull({ expected, slices, made }: Making, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const { done, value } = slices.next();
    if (done) {
      assertEquals(textOf(joinBytes(made)), expected);
      return true;
    }
    made.push(value);
  }
  return false;
}

Deno.test("slices are little longer than asked for", () => {
  const state = stateAfter(300);
  const slices = [...new StateWriter(state).slices(1_000)];
  assert(slices.length > 10);
  for (const slice of slices) assert(slice.length < 5_000, `${slice.length}`);
  assertEquals(textOf(joinBytes(slices)), textOf(writeState(state)));
});

Deno.test("a writer that is stopped keeps nothing of what changes, and one that cannot write says so at its turn", () => {
  const state = stateAfter(4);
  new StateWriter(state).stop();
  const writer = new StateWriter(state);
  state.workers.get("worker-1:1")!.slot = Infinity;
  // It was noted before it changed.
  assert(textOf(joinBytes([...writer.slices(1)])).includes("worker-1:1"));
  const second = new StateWriter(state);
  foldInto(state, things(3, 4)); // Whoever changes the state does not see the failure.
  state.workers.get("worker-1:1");
  assertThrows(() => [...second.slices(1)], InternalError, "Cannot write a state that holds Infinity");
  assertEquals(createState().workers.size, 0);
});
