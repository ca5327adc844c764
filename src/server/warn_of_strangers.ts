import { consoleLog } from "../base/mod.ts";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** Says what may happen where a port for TensorFlow can be reached from elsewhere. */
export function warnOfStrangers(hostname: string, consequence: string): void {
  if (LOOPBACK.test(hostname)) return;
  consoleLog.warn(`TensorFlow's protocol has no authentication: whoever reaches the port ${consequence}`, {
    hostname,
  });
}
