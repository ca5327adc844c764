import { setImmediate, setTimeout } from "node:timers";

/** Lets the event loop turn; `wait`: until sockets and other threads have been asked too. */
export type TurnLoop = (wait: boolean) => Promise<void>;

/** The event loop's own way, as {@linkcode TurnLoop}. */
export function turnLoop(wait: boolean): Promise<void> {
  return wait ? waitForLoop() : yieldToLoop();
}

/**
 * Lets the event loop turn once, so that heartbeats and sockets get on while a pipeline keeps the thread busy.
 * A timer of 0 ms would do the same in 2 ms instead of 10 µs.
 */
export function yieldToLoop(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Lets the event loop turn and waits for what sockets and other threads have. While an immediate waits, Deno's loop
 * asks them only once in some 60 turns: behind a busy pipeline, requests waited for half a second.
 */
function waitForLoop(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
