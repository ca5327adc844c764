/** The version handshake: every request states the protocol's major version, and another one is refused. */

import { FailedPreconditionError } from "../base/mod.ts";

/** Major version of the protocol in `proto/`. */
export const PROTOCOL_VERSION = 1;

/** The request header that states it. */
export const VERSION_HEADER = "sluice-protocol-version";

/** @throws {FailedPreconditionError} with both versions, if a request comes from another major version */
export function checkVersion(headers: Headers): void {
  const stated = headers.get(VERSION_HEADER);
  if (stated !== null && stated !== String(PROTOCOL_VERSION)) {
    throw new FailedPreconditionError(
      `Cannot talk to a peer of protocol version ${
        stated.slice(0, 20)
      }: this server speaks version ${PROTOCOL_VERSION}`,
    );
  }
}
