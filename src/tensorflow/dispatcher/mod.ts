/** The dispatcher's side of TensorFlow's protocol. */
export type { GrpcServer } from "../grpc/mod.ts";
export { openTensorFlowPort, type TensorFlowPortOptions } from "./server.ts";
export type { AskWorker } from "./spec_source.ts";
export { tensorflowFormat } from "./tensorflow_format.ts";
export { TensorFlowWorkers } from "./worker_link.ts";
