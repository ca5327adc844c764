/**
 * What stock trainers and workers asked a stock dispatcher, put to ours. Every answer must say the same; see
 * `record_dispatcher.py`.
 */

import { type DescMessage, fromBinary, type MessageShape, toJson } from "@bufbuild/protobuf";
import { assertEquals } from "@std/assert";
import { SluiceError } from "../../../src/base/mod.ts";
import { DispatcherService } from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import { GraphDefSchema } from "../../../src/gen/tensorflow/graph_pb.ts";
import { integerOf } from "../../../src/tensorflow/graph/constants.ts";
import { TestService } from "./support.ts";

interface Call {
  method: string;
  request: string;
  reply?: string;
  /** The number of a gRPC status. */
  code?: number;
  message?: string;
}

interface Scenario {
  name: string;
  config: { worker_addresses?: string[] };
  calls: Call[];
}

const SCENARIOS: Scenario[] = JSON.parse(
  await Deno.readTextFile(new URL("stock_dispatcher.json", import.meta.url)),
);

const METHODS = new Map(DispatcherService.methods.map((method) => [method.name, method]));

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * A reply as JSON, without what may be said in several ways or is a matter of configuration. Tasks to delete are left
 * out: stock takes a task from its worker when it has ended, ours when its readers have left, too. So are the tasks of
 * iterations that are over: ours names none to readers that come late.
 */
function normal(method: string, reply: Uint8Array): unknown {
  const schema = METHODS.get(method)!.output as DescMessage;
  const message = fromBinary(schema, reply);
  const json = toJson(schema, message) as Record<string, unknown>;
  // Stock leaves open where workers run if nobody has said so; ours are remote then.
  delete json.deploymentMode;
  delete json.tasksToDelete;
  if (json.iterationFinished) delete json.taskInfo;
  if (method === "GetDataServiceConfig") return {};
  if (method === "GetSplit") {
    const { split, endOfSplits } = message as MessageShape<typeof DispatcherService.method.getSplit.output>;
    return { endOfSplits, split: split && String(integerOf(split)) };
  }
  if (method === "WorkerHeartbeat") {
    const { newTasks } = message as MessageShape<typeof DispatcherService.method.workerHeartbeat.output>;
    return {
      ...json,
      newTasks: newTasks.map(({ dataset }, i) => ({
        ...(json.newTasks as object[])[i],
        datasetDef: dataset.case === "datasetDef" && graphOf(dataset.value.graph),
      })),
    };
  }
  return json;
}

/** Graphs of stock are written anew, with their attributes in another order. */
function graphOf(graph: Uint8Array): unknown {
  return toJson(GraphDefSchema, fromBinary(GraphDefSchema, graph));
}

for (const { name, config, calls } of SCENARIOS) {
  Deno.test(`stock answers of scenario "${name}"`, async () => {
    await using service = await TestService.start({ workerAddresses: config.worker_addresses ?? [] });
    for (const [i, { method, request, reply, code, message }] of calls.entries()) {
      const what = `call ${i}: ${method}`;
      try {
        const ours = await service.raw(`/${DispatcherService.typeName}/${method}`, bytes(request));
        assertEquals(normal(method, ours), normal(method, bytes(reply ?? "")), what);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        assertEquals(
          { code: error.code },
          { code: NAMES[code ?? 0] },
          `${what}: ${error.message}; stock: ${message}`,
        );
      }
    }
  });
}

/** Codes that occur, by their numbers. */
const NAMES: Record<number, string> = {
  0: "no error",
  3: "invalid_argument",
  5: "not_found",
  12: "unimplemented",
};
