/** How a lane is reached: a thread of its own, or in tests a lane in the same thread. */

import type { FromLane, ToLane } from "./messages.ts";

/** One end of the way to a lane. Messages arrive in order; what is in `transfer` belongs to the other side afterwards. */
export interface LanePort {
  /** Sends a message. After {@linkcode LanePort.terminate} nothing happens. */
  post(message: ToLane, transfer?: ArrayBuffer[]): void;
  /** Takes the messages that have arrived, without waiting; for a thread whose event loop does not turn. */
  poll(): void;
  /**
   * Ends the lane; nothing comes from it any more. Idempotent.
   *
   * @param isIdle whether no function of the user's can be running in it: only then is it certain that it ends.
   * @default false
   */
  terminate(isIdle?: boolean): void;
}

/** What the owner of a lane wants to hear. */
export interface LaneListener {
  /** A message from the lane. */
  message(message: FromLane): void;
  /** The lane cannot go on: it did not start, or something in it threw where nobody caught it. Comes at most once. */
  broken(error: Error): void;
}

/** Starts lanes. */
export interface LaneFactory {
  /** Starts a lane. What goes wrong, now or later, is told to the listener. */
  open(listener: LaneListener): LanePort;
}

/** The lane's own end. */
export interface LaneOwner {
  /** As of {@linkcode LanePort}. */
  poll(): void;
  /** Sends a message. What is in `transfer` belongs to the other side afterwards. */
  post(message: FromLane, transfer?: ArrayBuffer[]): void;
}
