import type { DurableFiles } from "../../base/mod.ts";
import type { RecoveredSnapshot } from "./core/recover.ts";
import { patienceOf } from "./core/silent_streams.ts";
import { ownerFile, repetitionDirectory, splitName, streamDirectory } from "./layout.ts";

/** How many of a stream's latest splits are looked at: their pace is that of the work now. */
const LATEST = 20;

/** How long each unfinished stream may be silent, by the times at which it got its latest splits. */
export async function readPatience(
  files: DurableFiles,
  root: string,
  { state, splits }: RecoveredSnapshot,
): Promise<Map<number, number>> {
  const byStream = Map.groupBy(splits, ({ stream }) => stream);
  const unfinished = [...state.streams].filter(([, { done }]) => !done);
  return new Map(
    await Promise.all(unfinished.map(async ([stream]) => {
      const directory = streamDirectory(root, stream);
      const latest = (byStream.get(stream) ?? []).slice(-LATEST);
      const paths = [
        ...(latest.length < LATEST ? [ownerFile(directory)] : []),
        ...latest.map((split) =>
          `${repetitionDirectory(directory, split)}/${splitName(split.local, split.global)}`
        ),
      ];
      return [stream, patienceOf(await Promise.all(paths.map((path) => files.changedAt(path))))] as const;
    })),
  );
}
