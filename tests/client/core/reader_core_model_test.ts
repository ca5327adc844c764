/** Random histories of deliveries and failures against workers, a dispatcher and a program that are as simple as can be. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { ReaderCommand, ReaderEvent } from "../../../src/client/core/events.ts";
import { ReaderCore } from "../../../src/client/core/reader_core.ts";

type Command<K extends ReaderCommand<string>["kind"]> = Extract<ReaderCommand<string>, { kind: K }>;

/** A worker with one task: it remembers what it was told, and sends what there is room for. */
class ModelWorker {
  readonly id: bigint;
  readonly total: number;
  session = "";
  taken = 0;
  limit = 0;
  stream: { command: Command<"open">; state: "opening" | "open"; cursor: number; reads: number } | null =
    null;
  acknowledgements: Command<"acknowledge">[] = [];
  endSent = false;
  runs = 1;
  joined = false;

  constructor(id: bigint, total: number) {
    this.id = id;
    this.total = total;
  }

  get completed(): boolean {
    return this.endSent && this.taken === this.total;
  }
}

interface Setup {
  readonly blocks: number[];
  readonly maxBlocks: number | null;
  readonly choices: number[];
  readonly restarts: boolean;
}

class History {
  readonly core: ReaderCore<string>;
  readonly workers: ModelWorker[];
  readonly handedOver: string[] = [];
  readonly restarts: boolean;
  finished = false;
  readonly #window: number;
  #inHand = false;
  #wanted = false;
  #heartbeat: "idle" | "sent" = "idle";

  constructor({ blocks, maxBlocks, restarts }: Setup) {
    this.core = new ReaderCore({ maxBlocks, maxBytes: 1000 });
    this.workers = blocks.map((total, i) => new ModelWorker(BigInt(i), total));
    this.restarts = restarts;
    // A restarted worker counts the block in hand, which its new session does not have, as room.
    this.#window = (maxBlocks ?? 16) + (restarts ? 1 : 0);
    if (this.workers.length > 0) this.workers[0].joined = true;
    this.#step(this.#listing());
  }

  /** Everything that could happen next, failures last. */
  actions({ failures }: { failures: boolean }): (() => void)[] {
    const actions: (() => void)[] = [];
    if (this.#inHand) actions.push(() => this.#takeBlock());
    else if (!this.#wanted) actions.push(() => this.#want());
    if (this.#heartbeat === "idle") actions.push(() => this.#sendHeartbeat());
    else actions.push(() => this.#answerHeartbeat());
    for (const worker of this.workers) {
      if (!worker.joined) actions.push(() => worker.joined = true);
      const { stream } = worker;
      if (stream?.state === "opening") actions.push(() => this.#openSession(worker));
      if (stream && stream.reads > 0) {
        if (stream.cursor < Math.min(worker.total, worker.limit)) actions.push(() => this.#deliver(worker));
        if (stream.cursor === worker.total) actions.push(() => this.#deliverEnd(worker));
      }
      if (worker.acknowledgements.length > 0) actions.push(() => this.#acknowledge(worker, true));
      if (!failures) continue;
      if (stream) actions.push(() => this.#breakStream(worker));
      if (worker.acknowledgements.length > 0) actions.push(() => this.#acknowledge(worker, false));
      if (this.restarts && worker.session !== "" && !worker.completed) {
        actions.push(() => this.#restart(worker));
      }
    }
    return actions;
  }

  #step(event: ReaderEvent<string>): void {
    for (const command of this.core.step(event)) {
      const worker = "task" in command ? this.workers[Number(command.task)] : undefined;
      switch (command.kind) {
        case "open":
          worker!.stream = { command, state: "opening", cursor: -1, reads: 0 };
          break;
        case "read":
          assertEquals(worker!.stream?.command.stream, command.stream);
          worker!.stream!.reads++;
          break;
        case "close":
          worker!.stream = null;
          break;
        case "acknowledge":
          assertEquals(worker!.acknowledgements.length, 0, "one acknowledgement at a time");
          worker!.acknowledgements.push(command);
          break;
        case "heartbeat":
          break; // Heartbeats come at any time here.
        case "handOver":
          assert(this.#wanted && !this.#inHand, "a block that nobody asked for");
          this.#wanted = false;
          this.#inHand = true;
          this.handedOver.push(command.block);
          break;
        case "finish":
          this.finished = true;
          break;
        case "fail":
          throw command.error;
      }
    }
  }

  #want() {
    this.#wanted = true;
    this.#step({ kind: "wanted" });
  }

  #takeBlock() {
    this.#inHand = false;
    this.#step({ kind: "taken" });
  }

  #sendHeartbeat() {
    this.#heartbeat = "sent";
    this.#step({ kind: "heartbeatSent" });
  }

  #answerHeartbeat() {
    this.#heartbeat = "idle";
    this.#step(this.#listing());
  }

  #listing(): ReaderEvent<string> {
    const joined = this.workers.filter((worker) => worker.joined);
    const tasks = joined.map((worker) => ({
      id: worker.id,
      address: `worker-${worker.id}`,
      workerUid: `run-${worker.runs}`,
      finished: worker.completed,
    }));
    const iterationFinished = joined.length > 0 && joined.every((worker) => worker.completed);
    return { kind: "listed", tasks, iterationFinished };
  }

  #openSession(worker: ModelWorker) {
    const stream = worker.stream!;
    const { position } = stream.command;
    stream.state = "open";
    if (worker.session !== "" && worker.session === position.session) {
      worker.taken = Math.max(worker.taken, position.taken);
      worker.limit = Math.max(worker.limit, position.limit);
      stream.cursor = position.next;
    } else {
      worker.session = `${worker.id}-run-${worker.runs}`;
      worker.taken = 0;
      worker.limit = position.limit - position.taken;
      stream.cursor = 0;
    }
    assert(stream.cursor >= worker.taken);
    this.#onStream(worker, (task, number) => ({
      kind: "sessionOpened",
      task,
      stream: number,
      session: worker.session,
    }));
    this.#onStream(worker, (task, number) => ({ kind: "ready", task, stream: number }));
  }

  #onStream(worker: ModelWorker, make: (task: bigint, stream: number) => ReaderEvent<string>) {
    if (worker.stream) this.#step(make(worker.id, worker.stream.command.stream));
  }

  #deliver(worker: ModelWorker) {
    const stream = worker.stream!;
    stream.reads--;
    const sequence = stream.cursor++;
    this.#onStream(worker, (task, number) => ({
      kind: "block",
      task,
      stream: number,
      sequence,
      bytes: 10 + sequence * 100,
      block: `${worker.session}/${sequence}`,
    }));
    this.#onStream(worker, (task, number) => ({ kind: "ready", task, stream: number }));
  }

  #deliverEnd(worker: ModelWorker) {
    worker.endSent = true;
    const { stream } = worker.stream!.command;
    worker.stream = null;
    this.#step({ kind: "ended", task: worker.id, stream });
  }

  #breakStream(worker: ModelWorker) {
    const { stream } = worker.stream!.command;
    worker.stream = null;
    const error = new Error("broken");
    this.#step({ kind: "streamFailed", task: worker.id, stream, retryable: true, error });
  }

  #acknowledge(worker: ModelWorker, arrives: boolean) {
    const { task, position } = worker.acknowledgements.shift()!;
    const { session, taken, limit } = position;
    if (!arrives) return this.#step({ kind: "acknowledgeFailed", task, session, gone: false });
    if (session !== worker.session) {
      return this.#step({ kind: "acknowledgeFailed", task, session, gone: true });
    }
    worker.taken = Math.max(worker.taken, taken);
    worker.limit = Math.max(worker.limit, limit);
    this.#step({ kind: "acknowledged", task, session });
  }

  #restart(worker: ModelWorker) {
    worker.runs++;
    worker.session = "";
    worker.taken = 0;
    worker.endSent = false;
    // An acknowledgement on its way finds no session.
    const [pending] = worker.acknowledgements.splice(0);
    if (worker.stream) this.#breakStream(worker);
    if (pending) {
      const { task, position } = pending;
      this.#step({ kind: "acknowledgeFailed", task, session: position.session, gone: true });
    }
  }

  /** What must hold at every moment: a worker has no more room than the window behind the blocks that are begun. */
  check() {
    for (const worker of this.workers) {
      if (worker.session === "" || worker.stream?.state !== "open") continue;
      const begun = this.handedOver.filter((block) => block.startsWith(`${worker.session}/`)).length;
      const room = worker.limit - begun;
      assert(room <= this.#window, `room for ${room} blocks, window ${this.#window}`);
    }
  }
}

const setups = (restarts: boolean): fc.Arbitrary<Setup> =>
  fc.record({
    blocks: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 }),
    maxBlocks: fc.option(fc.integer({ min: 1, max: 20 })),
    choices: fc.array(fc.nat(), { maxLength: 150 }),
    restarts: fc.constant(restarts),
  });

/** Plays the choices, then lets everything that is due happen until the reader ends. */
function play(setup: Setup): History {
  const history = new History(setup);
  for (const choice of setup.choices) {
    if (history.finished) break;
    const actions = history.actions({ failures: true });
    actions[choice % actions.length]();
    history.check();
  }
  for (let turn = 0; !history.finished; turn++) {
    assert(turn < 3000, "the reader does not come to its end");
    const actions = history.actions({ failures: false });
    actions[turn % actions.length]();
    history.check();
  }
  return history;
}

Deno.test("whatever breaks, each block is handed over once and in order, and the reader ends", () => {
  fc.assert(
    fc.property(setups(false), (setup) => {
      const history = play(setup);
      for (const worker of history.workers) {
        const mine = history.handedOver.filter((block) => block.startsWith(`${worker.id}-`));
        if (!worker.joined && mine.length === 0) continue;
        const expected = Array.from({ length: worker.total }, (_, i) => `${worker.id}-run-1/${i}`);
        assertEquals(mine, expected);
        assertEquals(worker.taken, worker.total, "the worker knows that everything is taken");
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("restarted workers are read from the start: each run's blocks once and in order, the last run's all", () => {
  fc.assert(
    fc.property(setups(true), (setup) => {
      const history = play(setup);
      for (const worker of history.workers) {
        const mine = history.handedOver.filter((block) => block.startsWith(`${worker.id}-`));
        if (!worker.joined && mine.length === 0) continue;
        const runs = Map.groupBy(mine, (block) => block.slice(0, block.indexOf("/")));
        for (const [run, blocks] of runs) {
          assertEquals(blocks, Array.from(blocks, (_, i) => `${run}/${i}`));
        }
        const complete = [...runs.values()].some((blocks) => blocks.length === worker.total);
        assert(complete || worker.total === 0, "one run is read to its end");
      }
    }),
    { numRuns: 300 },
  );
});
