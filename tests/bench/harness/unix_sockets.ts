import { processTree } from "./processes.ts";

/** Whether a process, or one that it started, listens on a unix socket: /proc tells. */
export function listensOnUnixSocket(pid: number): boolean {
  try {
    const listening = new Set(
      Deno.readTextFileSync("/proc/net/unix").split("\n").map((line) => line.trim().split(/\s+/))
        .filter(([, , , flags]) => flags === "00010000").map((fields) => fields[6]),
    );
    return processTree(pid).some((each) =>
      [...Deno.readDirSync(`/proc/${each}/fd`)].some(({ name }) => {
        const inode = Deno.readLinkSync(`/proc/${each}/fd/${name}`).match(/^socket:\[(\d+)\]$/)?.[1];
        return inode !== undefined && listening.has(inode);
      })
    );
  } catch {
    return false;
  }
}
