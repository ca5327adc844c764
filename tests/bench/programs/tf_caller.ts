/** Workers and readers of TensorFlow's protocol, as far as a dispatcher sees them: `tf_caller.ts ADDRESS`. */

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { joinBytes } from "../../../src/base/mod.ts";
import { DispatcherService } from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import { GraphDefSchema } from "../../../src/gen/tensorflow/graph_pb.ts";
import { DataType } from "../../../src/gen/tensorflow/tensor_pb.ts";
import { methodPath } from "../../../src/tensorflow/grpc/mod.ts";
import { answer } from "./answer.ts";
import { TfConnection } from "./tf_connection.ts";

const { method } = DispatcherService;
const [address] = Deno.args;
const OFF = 0;
const DYNAMIC = 1;

/** More splits than are handed out in a measurement. */
const ENDLESS = 1n << 40n;

/** Readers whose heartbeats come in turn, and how many are on their way at a time. */
const READERS = 100;
const AT_A_TIME = 32;

async function call<I extends DescMessage, O extends DescMessage>(
  connection: TfConnection,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
): Promise<MessageShape<O>> {
  const bytes = toBinary(method.input, create(method.input, request));
  return fromBinary(method.output, await connection.call(methodPath(method), bytes));
}

/** `versions: { producer: 1000 }`, which Sluice's messages do not know. */
const VERSIONS = new Uint8Array([0x22, 3, 0x08, 0xe8, 0x07]);

/** A range as TensorFlow's clients describe it, with all that its dispatcher looks at. */
function rangeGraph(count: bigint): Uint8Array<ArrayBuffer> {
  const type = (type: DataType) => ({ value: { case: "type" as const, value: type } });
  const types = { value: { case: "list" as const, value: { type: [DataType.DT_INT64] } } };
  const shapes = { value: { case: "list" as const, value: { shape: [{}] } } };
  const constants = [["start", 0n], ["stop", count], ["step", 1n]] as const;
  const message = create(GraphDefSchema, {
    node: [
      ...constants.map(([name, value]) => ({
        name,
        op: "Const",
        attr: {
          dtype: type(DataType.DT_INT64),
          value: {
            value: {
              case: "tensor" as const,
              value: { dtype: DataType.DT_INT64, tensorShape: {}, int64Val: [value] },
            },
          },
        },
      })),
      {
        name: "range",
        op: "RangeDataset",
        input: ["start", "stop", "step"],
        attr: { output_types: types, output_shapes: shapes },
      },
      {
        name: "dataset",
        op: "_Retval",
        input: ["range"],
        attr: { T: type(DataType.DT_VARIANT), index: { value: { case: "i" as const, value: 0n } } },
      },
    ],
  });
  return joinBytes([toBinary(GraphDefSchema, message), VERSIONS]);
}

const register = async (connection: TfConnection, count: bigint): Promise<string> => {
  const { datasetId } = await call(connection, method.getOrRegisterDataset, {
    dataset: { graph: rangeGraph(count) },
    metadata: { compression: 1, cardinality: count },
  });
  return datasetId;
};

/** A pass over a dataset; the reply is the reader's id. */
async function join(connection: TfConnection, datasetId: string, shardingPolicy: number): Promise<bigint> {
  const { jobId } = await call(connection, method.getOrCreateJob, {
    datasetId,
    processingModeDef: { shardingPolicy },
  });
  return (await call(connection, method.getOrCreateIteration, { jobId, repetition: 0n })).iterationClientId;
}

/** Calls as long as `seconds` last, `atATime` at a time. */
async function repeat(seconds: number, atATime: number, one: (caller: number) => Promise<unknown>) {
  let calls = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  await Promise.all(Array.from({ length: atATime }, async (_, caller) => {
    while (performance.now() < end) {
      await one(caller);
      calls++;
    }
  }));
  return { calls, seconds: (performance.now() - started) / 1000 };
}

const connection = await TfConnection.open(address);
const passes = new Map<number, { connections: TfConnection[]; request: Uint8Array }>();
let registered = 0n;
const readers: Uint8Array[] = [];

/** Tasks of a pass, each on a worker with a connection of its own. */
async function passOf(workers: number) {
  const known = passes.get(workers);
  if (known) return known;
  const iteration = BigInt(2_000 + passes.size);
  await join(connection, await register(connection, ENDLESS), DYNAMIC);
  const connections = await Promise.all(Array.from({ length: workers }, () => TfConnection.open(address)));
  const request = toBinary(
    method.getSplit.input,
    create(method.getSplit.input, { iterationId: iteration }),
  );
  const made = { connections, request };
  passes.set(workers, made);
  return made;
}

const GET_SPLIT = methodPath(method.getSplit);
const HEARTBEAT = methodPath(method.clientHeartbeat);

await answer({
  /** Splits of an endless range, each worker asking for one at a time. */
  async splits({ workers, seconds }: { workers: number; seconds: number }) {
    const { connections, request } = await passOf(workers);
    const seen = await connections[0].call(GET_SPLIT, request);
    if (fromBinary(method.getSplit.output, seen).endOfSplits) throw new Error("There are no splits");
    return await repeat(seconds, workers, (worker) => connections[worker].call(GET_SPLIT, request));
  },

  /** Datasets, none like another. */
  async registrations({ seconds }: { seconds: number }) {
    return await repeat(seconds, AT_A_TIME, () => register(connection, ++registered));
  },

  async heartbeats({ seconds }: { seconds: number }) {
    while (readers.length < READERS) {
      const iterationClientId = await join(connection, await register(connection, 1n), OFF);
      const heartbeat = create(method.clientHeartbeat.input, { iterationClientId });
      readers.push(toBinary(method.clientHeartbeat.input, heartbeat));
    }
    let next = 0;
    return await repeat(seconds, AT_A_TIME, () => connection.call(HEARTBEAT, readers[next++ % READERS]));
  },
});
Deno.exit(0);
