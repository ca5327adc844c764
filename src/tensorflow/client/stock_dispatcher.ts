import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type Clock, FailedPreconditionError, type Log, type Random } from "../../base/mod.ts";
import { callPatiently } from "../../client/mod.ts";
import {
  type DataServiceMetadata,
  DataServiceMetadata_Compression as Compression,
} from "../../gen/tensorflow/data/dataset_pb.ts";
import { type ClientHeartbeatResponse, DispatcherService } from "../../gen/tensorflow/data/dispatcher_pb.ts";
import { TargetWorkers } from "../../gen/tensorflow/data/common_pb.ts";
import type { TfDataServiceOptions } from "../../graph/mod.ts";
import type { GrpcClient } from "../grpc/client.ts";
import { call } from "./call.ts";

/** What a {@linkcode StockDispatcher} works with. */
export interface StockDispatcherOptions {
  readonly client: GrpcClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How long an unreachable dispatcher is tried, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends every call but the leave. */
  readonly signal: AbortSignal;
}

/** The version of the protocol: that of TensorFlow 2.21. */
const PROTOCOL_VERSION = 9n;

/** Longest time that a leave may take, in milliseconds. */
const LEAVE_MS = 2_000;

const { method } = DispatcherService;

/** A stock dispatcher. Calls are repeated while it cannot be reached. */
export class StockDispatcher {
  readonly #options: StockDispatcherOptions;

  /** Calls nobody yet. */
  constructor(options: StockDispatcherOptions) {
    this.#options = options;
  }

  /**
   * What is known of a dataset.
   *
   * @throws {FailedPreconditionError} if the dispatcher speaks another version of the protocol
   * @throws {NotFoundError} if there is no such dataset
   */
  async metadata(datasetId: string): Promise<DataServiceMetadata | undefined> {
    const { version } = await this.#call(method.getVersion, {}, "ask a tf.data service for its version");
    if (version !== PROTOCOL_VERSION) {
      throw new FailedPreconditionError(
        `Cannot read the tf.data service at ${this.#options.client.address}: it speaks version ${version} of the ` +
          `protocol, and version ${PROTOCOL_VERSION} (TensorFlow 2.21) is known here`,
      );
    }
    const what = `find dataset "${datasetId}" in a tf.data service`;
    const { metadata } = await this.#call(method.getDataServiceMetadata, { datasetId }, what);
    if (metadata?.compression === Compression.SNAPPY) {
      // The first reader decides; workers wait for that. What was registered is kept.
      await this.#call(
        method.disableCompressionAtRuntime,
        { datasetId, disableCompressionAtRuntime: false },
        "settle the compression of a tf.data service",
      );
    }
    return metadata;
  }

  /** Joins a pass over a job; gives the reader's id. */
  async join(options: TfDataServiceOptions, repetition: number): Promise<bigint> {
    const { datasetId, shardingPolicy, jobName, trainerId, targetWorkers } = options;
    const { jobId } = await this.#call(method.getOrCreateJob, {
      datasetId,
      processingModeDef: { shardingPolicy },
      ...(jobName !== null && { optionalJobName: { case: "jobName" as const, value: jobName } }),
      useCrossTrainerCache: trainerId !== null,
      targetWorkers: targetWorkers === "AUTO" ? TargetWorkers.AUTO : TargetWorkers.ANY,
    }, "begin a job of a tf.data service");
    const request = { jobId, repetition: BigInt(repetition) };
    const { iterationClientId } = await this.#call(
      method.getOrCreateIteration,
      request,
      "begin a pass of a tf.data service",
    );
    return iterationClientId;
  }

  /** Says that the reader lives, and hears what to read. */
  heartbeat(iterationClientId: bigint): Promise<ClientHeartbeatResponse> {
    return this.#call(method.clientHeartbeat, { iterationClientId }, "get the tasks of a tf.data service");
  }

  /** The reader leaves. One attempt: the dispatcher notices those that say nothing. */
  async leave(iterationClientId: bigint): Promise<void> {
    const { client } = this.#options;
    await call(client, method.releaseIterationClient, { iterationClientId }, { timeoutMs: LEAVE_MS });
  }

  #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    what: string,
  ): Promise<MessageShape<O>> {
    const { client, ...patience } = this.#options;
    return callPatiently(
      (options) => call(client, method, request, options),
      { ...patience, what, service: client.address },
    );
  }
}
