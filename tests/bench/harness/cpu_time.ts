/** How long processes have had a core, where the system tells: what others do on the machine is not in it. */

/** Linux counts in hundredths of a second, whatever its own clock does. */
const TICKS_A_SECOND = 100;

/** The processor time of a process in seconds, all of its threads; null where the system does not tell. */
export function cpuSeconds(pid: number): number | null {
  try {
    return parseCpuSeconds(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return null;
  }
}

/** The same out of the text of a `stat` file. The name in it may hold spaces and parentheses. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
