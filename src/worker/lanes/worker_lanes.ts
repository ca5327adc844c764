import type { LaneFactory } from "./lane_port.ts";
import { LaneThread } from "./lane_thread.ts";
import { MessageLine } from "./message_line.ts";
import type { FromLane, ToLane } from "./messages.ts";
import { type LaneEnvironment, serveLane } from "./serve_lane.ts";

/** Lanes that are threads of their own. */
export interface WorkerLanes extends LaneFactory {
  /** Starts a lane that nobody has asked for yet, so that the next one to be opened is there at once. Idempotent. */
  prepare(): void;
  /** Resolves when every lane that is open now has turned its event loop, or has ended. */
  alive(): Promise<void>;
  /** Whether a lane is open, or one was ended that may be in the middle of a user's function. */
  readonly mayGoOn: boolean;
}

/**
 * Lanes as Web Workers that run the module at `url`, which is to call {@linkcode serveWorkerLane}. They have the
 * permissions of this process; a lane that runs out of memory takes the process with it.
 *
 * @param keepsOne whether one that is ended while it is idle is kept for whoever opens the next one; for processes
 * that run one graph only, as the functions of all its users share the thread's globals. @default false
 */
export function createWorkerLanes(url: string, { keepsOne = false } = {}): WorkerLanes {
  const open = new Set<LaneThread>();
  let spare: LaneThread | null = null;
  let mayGoOn = false;
  const start = () => {
    const thread: LaneThread = new LaneThread(url, () => {
      open.delete(thread);
      if (spare === thread) spare = null;
    });
    return thread;
  };
  const end = (thread: LaneThread, isIdle: boolean) => {
    if (isIdle && keepsOne && spare === null && thread.isReady) {
      open.delete(thread);
      thread.release();
      spare = thread;
      return;
    }
    mayGoOn ||= !isIdle && open.has(thread);
    thread.terminate();
  };
  return {
    get mayGoOn() {
      return mayGoOn || open.size > 0;
    },
    prepare: () => void (spare ??= start()),
    alive: async () => void await Promise.all([...open].map((thread) => thread.beat())),
    open(listener) {
      const thread = spare ?? start();
      spare = null;
      open.add(thread);
      thread.listen(listener);
      let isOver = false;
      return {
        post: (message, transfer) => {
          if (!isOver) thread.post(message, transfer);
        },
        poll: () => {
          if (!isOver) thread.poll();
        },
        terminate(isIdle = false) {
          if (isOver) return;
          isOver = true;
          end(thread, isIdle);
        },
      };
    },
  };
}

/** Works as one of {@linkcode createWorkerLanes} once the worker that this is gets its first message, as `serveLane`. */
export function serveWorkerLane(
  worker: { onmessage: unknown; postMessage(message: unknown): void },
  environment: LaneEnvironment,
): void {
  worker.onmessage = ({ data }: MessageEvent<MessagePort>) => {
    worker.onmessage = ({ data: beat }: MessageEvent<number>) => worker.postMessage(beat);
    // Nothing arrives before this turn of the event loop has ended.
    const line: MessageLine<ToLane, FromLane> = new MessageLine(data, (message) => take(message));
    const take = serveLane(line, environment);
  };
}
