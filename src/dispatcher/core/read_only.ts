/** The requests that only look: GetDatasetDef, GetDataServiceMetadata, GetWorkers, and what a reader should read. */

import { type ClientView, clientView } from "./client_view.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { datasetOf } from "./lookup.ts";
import type { Dataset, Worker } from "./state.ts";

/** A registered dataset by its id. */
export function getDataset({ state }: Context, id: string): Decision<DeepReadonly<Dataset>> {
  return answer(datasetOf(state, id));
}

/** What a client should read by now; null: it has left. */
export function getView({ state }: Context, clientId: number): Decision<ClientView | null> {
  return answer(state.clients.has(clientId) ? clientView(state, clientId) : null);
}

/** The workers that are there. */
export function getWorkers({ state }: Context): Decision<readonly DeepReadonly<Worker>[]> {
  return answer([...state.workers.values()].filter((worker) => worker.lostAt === null));
}

/** The addresses of all workers that are not forgotten, lost ones included. */
export function getWorkerAddresses({ state }: Context): Decision<readonly string[]> {
  return answer([...state.workers.keys()]);
}
