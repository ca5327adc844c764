/**
 * Floor 6: TensorFlow's own protocol, so that stock TensorFlow programs and Sluice's work together.
 *
 * @module
 */
export { openTensorFlowPort, tensorflowFormat, TensorFlowWorkers } from "./dispatcher/mod.ts";
export { type GrpcServer, serveGrpc } from "./grpc/mod.ts";
export { type ServedTasks, type WorkerMethods, workerMethods } from "./worker/mod.ts";
