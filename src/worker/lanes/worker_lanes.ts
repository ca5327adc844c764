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
  /** Whether any lane has been opened. */
  readonly wereOpened: boolean;
}

/**
 * Lanes as Web Workers that run the module at `url`, which is to call {@linkcode serveWorkerLane}. They have the
 * permissions of this process; a lane that runs out of memory takes the process with it.
 */
export function createWorkerLanes(url: string): WorkerLanes {
  const open = new Set<LaneThread>();
  let spare: LaneThread | null = null;
  let wereOpened = false;
  const start = () => {
    const thread: LaneThread = new LaneThread(url, () => {
      open.delete(thread);
      if (spare === thread) spare = null;
    });
    return thread;
  };
  return {
    get wereOpened() {
      return wereOpened;
    },
    prepare: () => void (spare ??= start()),
    alive: async () => void await Promise.all([...open].map((thread) => thread.beat())),
    open(listener) {
      wereOpened = true;
      const thread = spare ?? start();
      spare = null;
      open.add(thread);
      thread.listen(listener);
      return thread;
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
