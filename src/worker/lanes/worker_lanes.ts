import { InternalError } from "../../base/mod.ts";
import type { LaneFactory } from "./lane_port.ts";
import { MessageLine } from "./message_line.ts";
import { Pulse } from "./pulse.ts";
import type { FromLane, ToLane } from "./messages.ts";
import { type LaneEnvironment, serveLane } from "./serve_lane.ts";

/** Lanes that can be asked whether they turn their event loops. */
export interface WorkerLanes extends LaneFactory {
  /** Resolves when every lane that is open now has turned its event loop, or has ended. */
  alive(): Promise<void>;
  /** Whether there has been any lane. */
  readonly wereOpened: boolean;
}

/**
 * Lanes as Web Workers that run the module at `url`, which is to call {@linkcode serveWorkerLane}. They have the
 * permissions of this process; a lane that runs out of memory takes the process with it.
 */
export function createWorkerLanes(url: string): WorkerLanes {
  const pulses = new Set<Pulse>();
  let wereOpened = false;
  return {
    get wereOpened() {
      return wereOpened;
    },
    alive: async () => void await Promise.all([...pulses].map((pulse) => pulse.beat())),
    open(listener) {
      wereOpened = true;
      const worker = new Worker(url, { type: "module", name: "sluice lane" });
      const pulse = new Pulse((beat) => worker.postMessage(beat));
      pulses.add(pulse);
      worker.onmessage = ({ data }: MessageEvent<number>) => pulse.echo(data);
      const { port1, port2 } = new MessageChannel();
      const line = new MessageLine<FromLane, ToLane>(port1, (message) => listener.message(message));
      let over = false;
      const terminate = () => {
        over = true;
        line.close();
        worker.terminate();
        pulses.delete(pulse);
        pulse.end();
      };
      worker.onerror = (event) => {
        event.preventDefault(); // It would end the whole process.
        if (over) return;
        terminate();
        listener.broken(new InternalError(event.message || "The lane has ended"));
      };
      worker.postMessage(port2, [port2]);
      return {
        post: (message, transfer) => line.post(message, transfer),
        poll: () => line.poll(),
        terminate,
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
