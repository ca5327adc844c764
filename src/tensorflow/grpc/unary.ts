/** Handlers of messages instead of bytes. */

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { InvalidArgumentError, type MaybePromise, messageOf, then } from "../../base/mod.ts";
import type { GrpcContext } from "./context.ts";
import type { GrpcHandler } from "./server.ts";

/** The path of a method. */
export function methodPath(method: DescMethodUnary): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** Decodes a request. @throws {InvalidArgumentError} for bytes that are no such message */
export function decodeRequest<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new InvalidArgumentError(`Cannot decode a ${schema.typeName}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** An entry of `GrpcMethods` whose handler takes and gives messages. */
export function unary<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  handler: (request: MessageShape<I>, context: GrpcContext) => MaybePromise<MessageInitShape<O>>,
): [path: string, handler: GrpcHandler] {
  return [
    methodPath(method),
    (request, context) =>
      then(
        handler(decodeRequest(method.input, request), context),
        (reply) => toBinary(method.output, create(method.output, reply)),
      ),
  ];
}
