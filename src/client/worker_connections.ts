import type { BlockReader } from "../element/mod.ts";
import { compressionNumber } from "../rpc/mod.ts";
import { Acknowledger } from "./acknowledger.ts";
import { BlockDecoder } from "./block_decoder.ts";
import { type CompressionWish, wishNumber } from "./compression_wish.ts";
import type { OpenSession, ReaderCommand, ReaderEvent } from "./core/events.ts";
import type { ReaderEnvironment } from "./environment.ts";
import type { LocalWorker } from "./local_workers.ts";
import { TaskStream } from "./task_stream.ts";

type CommandOf<K extends ReaderCommand<BlockReader>["kind"]> = Extract<
  ReaderCommand<BlockReader>,
  { kind: K }
>;

/** What connections to workers need. */
export interface WorkerConnectionsOptions {
  readonly environment: ReaderEnvironment;
  readonly clientId: bigint;
  readonly compression: CompressionWish;
  /** Trainer of a cross-trainer cache; empty: none. */
  readonly trainerId: string;
  /** The worker at an address, if it is read without the network. */
  readonly local?: (address: string) => LocalWorker | undefined;
  /** Aborted when the reader is over. */
  readonly signal: AbortSignal;
  /** Takes in what happens. */
  readonly onEvent: (event: ReaderEvent<BlockReader>) => void;
  /** Takes in what the reader cannot go on after. */
  readonly onError: (error: unknown) => void;
}

/** A reader's streams and acknowledgements: carries out what the core asks for, and says what becomes of it. */
export class WorkerConnections {
  readonly #options: WorkerConnectionsOptions;
  readonly #acknowledger: Acknowledger;
  readonly #streams = new Map<bigint, TaskStream>();
  // Kept over a broken stream: a worker that goes on need not say the spec again.
  readonly #decoders = new Map<bigint, BlockDecoder>();

  /** Connects to nobody yet. */
  constructor(options: WorkerConnectionsOptions) {
    const { clientId, local, environment: { clock, random, fetch } } = options;
    this.#options = options;
    this.#acknowledger = new Acknowledger({ clock, random, fetch, clientId, local });
  }

  /** Opens a stream in place of the task's former one. */
  open(command: CommandOf<"open">): void {
    const { environment, clientId, compression, trainerId, onEvent, local } = this.#options;
    const { clock, random, fetch, openStream, codecs } = environment;
    const { task, address } = command;
    const decoder = this.#decoders.get(task) ?? new BlockDecoder(codecs);
    this.#decoders.set(task, decoder);
    const request = {
      iterationClientId: clientId,
      acceptedCompressions: codecs.names.filter((name) => name !== "NONE").map(compressionNumber),
      compression: wishNumber(compression),
      trainerId,
    };
    this.#streams.set(
      task,
      new TaskStream(command, {
        clock,
        random,
        fetch,
        openStream,
        decoder,
        request,
        onEvent,
        local: local?.(address),
      }),
    );
  }

  /** Lets a stream read its next batch. */
  read({ task }: CommandOf<"read">): void {
    this.#streams.get(task)?.read();
  }

  /** Gives a stream up. */
  close({ task }: CommandOf<"close">): void {
    this.#streams.get(task)?.close();
  }

  /** Tells a worker what was taken; the outcome comes as an event. */
  async acknowledge({ task, address, position, attempt }: CommandOf<"acknowledge">): Promise<void> {
    const { signal, onEvent, onError } = this.#options;
    const { session } = position;
    try {
      const { kind } = await this.#acknowledger.send({ task, address, position }, { attempt, signal });
      if (kind === "answered") onEvent({ kind: "acknowledged", task, session });
      else onEvent({ kind: "acknowledgeFailed", task, session, gone: kind === "gone" });
    } catch (error) {
      onError(error);
    }
  }

  /** Gives sessions back, so that other readers get what was not taken. Streams that nobody waits for are closed. */
  async release(sessions: readonly OpenSession[]): Promise<void> {
    const unnamed = new Set(
      sessions.filter(({ position }) => position.session === "").map(({ task }) => task),
    );
    for (const [task, stream] of this.#streams) {
      if (!unnamed.has(task) || !stream.hasAsked) stream.close();
    }
    await Promise.all(sessions.map((session) => this.#release(session)));
  }

  async #release(open: OpenSession): Promise<void> {
    // A session whose name is still on its way may have blocks already that other readers wait for.
    const session = open.position.session || await this.#streams.get(open.task)?.session;
    if (session) await this.#acknowledger.release({ ...open, position: { ...open.position, session } });
  }

  /** Closes every stream. */
  closeAll(): void {
    for (const stream of this.#streams.values()) stream.close();
  }
}
