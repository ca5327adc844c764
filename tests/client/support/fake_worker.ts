import type { Element } from "../../../src/element/mod.ts";
import { NotFoundError, UnavailableError } from "../../../src/base/mod.ts";
import { type AcknowledgeElementsRequest, WorkerService } from "../../../src/gen/sluice/v1/worker_pb.ts";
import { type FetchHandler, mountServices, toElementBatch } from "../../../src/rpc/mod.ts";
import { batchOf, EMPTY_BATCH } from "../../worker/support/wire_batch.ts";

/** A worker with one task of fixed blocks, each for any reader. It keeps to the protocol and can be told not to. */
export class FakeWorker {
  readonly taskId: bigint;
  readonly address: string;
  workerUid = "run-1";
  readonly blocks: readonly (readonly Element[])[];
  session = "session-1";
  /** The end of the sequence is sent behind the last block; else the stream stays open. */
  hasEnd = true;
  /** Ends the stream behind the last block. */
  error: Error | null = null;
  /** Breaks each stream before it has sent this many blocks, once. */
  breakAfter: number | null = null;
  /** Acknowledgements that are refused with UNAVAILABLE before one is answered. */
  refuseAcknowledgements = 0;
  taken = 0;
  limit = 0;
  isReleased = false;
  /** Streams that are open. */
  streams = 0;
  readonly opened: { session: string; next: number; taken: number; limit: number; trainer: string }[] = [];
  readonly acknowledgements: { session: string; taken: number; limit: number; release: boolean }[] = [];
  /** Called when the last block is taken. */
  onCompleted: () => void = () => {};
  #changed = Promise.withResolvers<void>();

  constructor(options: { taskId: bigint; address: string; blocks: readonly (readonly Element[])[] }) {
    this.taskId = options.taskId;
    this.address = options.address;
    this.blocks = options.blocks;
  }

  get completed(): boolean {
    return this.hasEnd && !this.error && this.taken >= this.blocks.length;
  }

  readonly handler: FetchHandler = mountServices((router) => {
    router.service(WorkerService, {
      getElements: (request, { signal }) => {
        const opening = {
          session: request.sessionId,
          next: Number(request.nextSequence),
          taken: Number(request.takenSequence),
          limit: Number(request.limitSequence),
          trainer: request.trainerId,
        };
        this.opened.push(opening);
        if (request.taskId !== this.taskId) throw new UnavailableError(`Task ${request.taskId} not found`);
        return this.#stream(opening, signal);
      },
      acknowledgeElements: (request) => this.#acknowledge(request),
    });
  });

  async *#stream(
    { session, next, limit, taken }: { session: string; next: number; limit: number; taken: number },
    signal: AbortSignal,
  ) {
    const known = session === this.session;
    this.limit = known ? Math.max(this.limit, limit) : limit - taken;
    this.streams++;
    try {
      yield toElementBatch({ ...EMPTY_BATCH, sequence: known ? next : 0, sessionId: this.session });
      for (let sequence = known ? next : 0; sequence < this.blocks.length; sequence++) {
        if (this.breakAfter === sequence) {
          this.breakAfter = null;
          throw new UnavailableError("The stream broke off");
        }
        while (sequence >= this.limit) await this.#change(signal);
        yield toElementBatch(batchOf(this.blocks[sequence], sequence));
      }
      if (this.error) throw this.error;
      while (!this.hasEnd) await this.#change(signal);
      yield toElementBatch({ ...EMPTY_BATCH, sequence: this.blocks.length, endOfSequence: true });
    } finally {
      this.streams--;
    }
  }

  /** Lets streams that wait look again. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    await Promise.race([this.#changed.promise, aborted.promise]);
  }

  #acknowledge(request: AcknowledgeElementsRequest) {
    const { sessionId: session, release } = request;
    const taken = Number(request.takenSequence);
    const limit = Number(request.limitSequence);
    if (this.refuseAcknowledgements > 0) {
      this.refuseAcknowledgements--;
      throw new UnavailableError("The worker is busy");
    }
    this.acknowledgements.push({ session, taken, limit, release });
    if (session !== this.session) throw new NotFoundError(`Session ${session} not found`);
    this.taken = Math.max(this.taken, taken);
    this.limit = Math.max(this.limit, limit);
    this.isReleased ||= release;
    if (this.completed) this.onCompleted();
    this.wake();
    return {};
  }
}
