/**
 * Names the time since this machine was started: what was written since then, and not forgotten by the operating
 * system, is there. Undefined where the operating system does not tell.
 */
export function bootId(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  } catch {
    return undefined; // Not permitted, or hidden in this container.
  }
}
