/**
 * Digests are made on another thread, in real time, which virtual time would have to wait for: here they are made at
 * once. Everything else that the service waits for is in the hands of the simulation.
 */

import { createHash } from "node:crypto";

crypto.subtle.digest = (algorithm, data) => {
  if (algorithm !== "SHA-256" || !(data instanceof Uint8Array)) {
    throw new TypeError("no digest is simulated but SHA-256");
  }
  return Promise.resolve(Uint8Array.from(createHash("sha256").update(data).digest()).buffer);
};
