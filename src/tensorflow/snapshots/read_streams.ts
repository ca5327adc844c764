/** Lists the directories of a snapshot's streams. */

import { type DurableFiles, NotFoundError } from "../../base/mod.ts";
import type { StreamListing } from "./core/recover.ts";
import { isTemporary, ownerFile, splitsDirectory, streamDoneFile, streamsDirectory } from "./layout.ts";

/** What lies in the directories of a snapshot's streams. Nobody but the dispatcher that reads it makes splits there. */
export async function readStreams(files: DurableFiles, root: string): Promise<StreamListing> {
  const directory = streamsDirectory(root);
  return await Promise.all(
    (await names(files, directory)).map(async (name) => {
      const stream = `${directory}/${name}`;
      const splits = splitsDirectory(stream);
      return {
        name,
        owner: await readOwner(files, ownerFile(stream)),
        done: await files.exists(streamDoneFile(stream)),
        sources: await Promise.all(
          (await names(files, splits)).map(async (name) => ({
            name,
            repetitions: await readRepetitions(files, `${splits}/${name}`),
          })),
        ),
      };
    }),
  );
}

async function readRepetitions(files: DurableFiles, source: string) {
  return await Promise.all(
    (await names(files, source)).map(async (name) => ({
      name,
      splits: await names(files, `${source}/${name}`),
    })),
  );
}

async function readOwner(files: DurableFiles, file: string): Promise<string | null> {
  try {
    return new TextDecoder().decode(await files.read(file));
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

/** In their order, so that what is wrong is told alike each time. */
async function names(files: DurableFiles, directory: string): Promise<string[]> {
  return (await files.list(directory)).filter((name) => !isTemporary(name)).sort();
}
