import type { Clock, Timer } from "../base/mod.ts";

/**
 * Runs `job` every `ms` milliseconds, counted from the end of the run before. `job` is told how late it comes and
 * must not reject.
 */
export function every(clock: Clock, ms: number, job: (lateMs: number) => Promise<void>): Timer {
  let stopped = false;
  let due = clock.now() + ms;
  let timer = clock.setTimer(tick, ms);
  async function tick() {
    await job(Math.max(0, clock.now() - due));
    if (stopped) return;
    due = clock.now() + ms;
    timer = clock.setTimer(tick, ms);
  }
  const clear = () => {
    stopped = true;
    timer.clear();
  };
  return { clear, [Symbol.dispose]: clear };
}
