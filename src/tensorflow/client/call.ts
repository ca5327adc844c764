import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { DataLossError, messageOf } from "../../base/mod.ts";
import type { GrpcCallOptions, GrpcClient } from "../grpc/client.ts";
import { methodPath } from "../grpc/unary.ts";

/** Calls a method with a message. */
export async function call<I extends DescMessage, O extends DescMessage>(
  client: GrpcClient,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  options: GrpcCallOptions,
): Promise<MessageShape<O>> {
  const bytes = toBinary(method.input, create(method.input, request));
  const reply = await client.unary(methodPath(method), bytes, options);
  try {
    return fromBinary(method.output, reply);
  } catch (error) {
    throw new DataLossError(`Cannot read the answer of ${client.address}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
