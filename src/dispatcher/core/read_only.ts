/** The requests that only look: GetDatasetDef, GetDataServiceMetadata and GetWorkers. */

import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { datasetOf } from "./lookup.ts";
import type { Dataset, Worker } from "./state.ts";

/** A registered dataset by its id. */
export function getDataset({ state }: Context, id: string): Decision<DeepReadonly<Dataset>> {
  return answer(datasetOf(state, id));
}

/** The workers that are there. */
export function getWorkers({ state }: Context): Decision<readonly DeepReadonly<Worker>[]> {
  return answer([...state.workers.values()].filter((worker) => worker.lostAt === null));
}
