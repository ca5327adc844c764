/** The dispatcher's port for TensorFlow's programs. */

import type { Clock, DurableFiles, Log } from "../../base/mod.ts";
import type { ServiceParts } from "../../dispatcher/mod.ts";
import { type GrpcServer, serveGrpc } from "../grpc/mod.ts";
import { ChunkSource } from "../snapshots/chunk_source.ts";
import {
  dispatcherBook,
  rootOf,
  snapshotMethods,
  Snapshots,
  snapshotTasks,
  sourcesOfGraph,
} from "../snapshots/mod.ts";
import { type SnapshotService, tensorflowMethods } from "./service.ts";
import { type AskWorker, SpecSource } from "./spec_source.ts";

/** What the port is opened with. */
export interface TensorFlowPortOptions {
  /** Host name or address to bind. */
  readonly hostname: string;
  /** 0: any free port. */
  readonly port: number;
  /** The dispatcher, which serves already. */
  readonly parts: ServiceParts;
  /** Whether the dispatcher's state outlives it: only then can datasets be saved. */
  readonly durable: boolean;
  /** How many streams of saved datasets a worker writes at a time. */
  readonly maxStreamsPerWorker: number;
  /** Where saved datasets lie. */
  readonly files: DurableFiles;
  readonly askWorker: AskWorker;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Takes up what was being saved, and opens the port.
 *
 * @throws {UnavailableError} naming the port, if it is in use
 * @throws the error of a saved dataset that cannot be taken up
 */
export async function openTensorFlowPort(options: TensorFlowPortOptions): Promise<GrpcServer> {
  const { hostname, port, parts, clock, log } = options;
  const specs = new SpecSource(parts, options.askWorker);
  const methods = tensorflowMethods({
    parts,
    snapshots: await snapshotService(options),
    specOf: (dataset) => specs.specOf(dataset),
  });
  return await serveGrpc({ hostname, port, methods, clock, log });
}

async function snapshotService(options: TensorFlowPortOptions): Promise<SnapshotService> {
  const { parts, durable, maxStreamsPerWorker, files, clock, log } = options;
  const snapshots = new Snapshots({
    book: durable ? dispatcherBook(parts) : null,
    files,
    clock,
    log,
    maxStreamsPerWorker,
    rootOf,
    sourcesOf: (graph) => sourcesOfGraph(graph, { files, clock }),
  });
  await snapshots.recover();
  return {
    methods: snapshotMethods({
      snapshots,
      checkServing: () => parts.checkServing(),
      isLost: (address) => (parts.state.workers.get(address)?.lostAt ?? null) !== null,
    }),
    tasks: (request) => snapshotTasks(snapshots, request),
    openChunks: (path) => new ChunkSource({ path, files, clock }),
  };
}
