/** Unary gRPC over plain HTTP/2. */
export { connectGrpc, type GrpcCallOptions, type GrpcClient, type GrpcClientOptions } from "./client.ts";
export type { GrpcContext } from "./context.ts";
export {
  type GrpcHandler,
  type GrpcMethods,
  type GrpcReply,
  type GrpcServer,
  type GrpcServerOptions,
  serveGrpc,
} from "./server.ts";
export { decodeRequest, methodPath, unary } from "./unary.ts";
