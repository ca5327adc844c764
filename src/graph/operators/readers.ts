/** Operators that reach outside: the records of files, and other services. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { checkSpec } from "../../element/mod.ts";
import {
  boolean,
  elementRecord,
  finite,
  integer,
  nullable,
  oneOf,
  recordOf,
  size,
  string,
} from "../attributes.ts";
import { unknownCount } from "../cardinality_rules.ts";
import { INFINITE_CARDINALITY, UNKNOWN_CARDINALITY } from "../constants.ts";
import type { DataServiceNode, ReadFilesNode, TfDataServiceNode } from "../nodes.ts";
import { NO_INPUT, ONE_INPUT, type Operator } from "../operator.ts";
import { ShardingPolicy } from "../sharding_policy.ts";
import { ANY, STRING } from "../spec_rules.ts";

/** The records of the files that the input names. */
export const readFiles: Operator<ReadFilesNode> = {
  arity: ONE_INPUT,
  attributes: { format: oneOf("textLines", "csv", "jsonl", "tfrecord"), options: elementRecord },
  cardinality: unknownCount,
  spec({ format }) {
    if (format === "textLines") return STRING;
    return format === "tfrecord" ? { kind: "typedArray", dtype: "uint8", length: null } : ANY;
  },
};

// Policies under which every reader of an endless dataset gets an endless one.
const KEEPS_INFINITE: readonly number[] = [ShardingPolicy.OFF, ShardingPolicy.DYNAMIC, ShardingPolicy.DATA];

/** Reading through a dispatcher. */
export const dataService: Operator<DataServiceNode> = {
  arity: { min: 0, max: 1 },
  attributes: {
    options: recordOf({
      service: string,
      shardingPolicy: integer({ min: ShardingPolicy.OFF, max: ShardingPolicy.HINT }),
      datasetId: nullable(string),
      jobName: nullable(string),
      consumerIndex: nullable(integer({ min: 0 })),
      numConsumers: nullable(size),
      maxOutstandingRequests: nullable(size),
      compression: oneOf("AUTO", "SNAPPY", "ZSTD", "GZIP", "NONE"),
      trainerId: nullable(string),
      targetWorkers: oneOf("AUTO", "ANY", "LOCAL"),
      taskRefreshIntervalMs: finite,
      dispatcherTimeoutMs: finite,
      exactlyOnce: boolean,
    }),
  },
  check({ inputs, options }) {
    const { datasetId, jobName, consumerIndex, numConsumers, taskRefreshIntervalMs, dispatcherTimeoutMs } =
      options;
    if ((inputs.length === 0) !== (datasetId !== null)) {
      throw new InvalidArgumentError("Cannot build dataService: it takes either a dataset or `datasetId`");
    }
    if ((consumerIndex === null) !== (numConsumers === null)) {
      throw new InvalidArgumentError("`consumerIndex` and `numConsumers` must be set both or neither");
    }
    if (consumerIndex !== null && numConsumers !== null) {
      if (jobName === null) {
        throw new InvalidArgumentError("`jobName` must be set when setting `numConsumers`");
      }
      if (consumerIndex >= numConsumers) {
        throw new InvalidArgumentError(
          `\`consumerIndex\` must be below \`numConsumers\` (${numConsumers}), got ${consumerIndex}`,
        );
      }
    }
    if (taskRefreshIntervalMs <= 0) {
      throw new InvalidArgumentError(`\`taskRefreshIntervalMs\` must be > 0, got ${taskRefreshIntervalMs}`);
    }
    if (dispatcherTimeoutMs < 0) {
      throw new InvalidArgumentError(`\`dispatcherTimeoutMs\` must be >= 0, got ${dispatcherTimeoutMs}`);
    }
  },
  cardinality({ options }, [registered = UNKNOWN_CARDINALITY]) {
    if (registered === 0) return 0;
    // tf.data calls every coordinated read infinite, because it refuses the others. Here finite data end, after as
    // many rounds as the workers that have joined by then can fill.
    const infinite = registered === INFINITE_CARDINALITY &&
      (options.numConsumers !== null || KEEPS_INFINITE.includes(options.shardingPolicy));
    return infinite ? INFINITE_CARDINALITY : UNKNOWN_CARDINALITY;
  },
  spec: (_node, [registered = ANY]) => registered,
  remoteInputs: true,
};

/** Reading a stock tf.data service. */
export const tfDataService: Operator<TfDataServiceNode> = {
  arity: NO_INPUT,
  attributes: {
    options: recordOf({
      address: string,
      datasetId: string,
      shardingPolicy: integer({ min: ShardingPolicy.OFF, max: ShardingPolicy.HINT }),
      jobName: nullable(string),
      elementSpec: nullable(elementRecord),
      maxOutstandingRequests: nullable(size),
      trainerId: nullable(string),
      targetWorkers: oneOf("AUTO", "ANY"),
      taskRefreshIntervalMs: integer({ min: 1 }),
      dispatcherTimeoutMs: integer({ min: 0 }),
    }),
  },
  check({ options: { elementSpec } }) {
    if (elementSpec !== null) checkSpec(elementSpec);
  },
  cardinality: () => UNKNOWN_CARDINALITY,
  spec: ({ options }) => options.elementSpec ?? ANY,
};
