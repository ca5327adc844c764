/** Addresses of servers. */

import { InvalidArgumentError } from "../base/mod.ts";

/**
 * The base URL of a server given as `host:port` or as `http://host:port` or `https://host:port`.
 *
 * @throws {InvalidArgumentError} for another protocol, a path, or what is no address at all
 */
export function normalizeTarget(service: string): string {
  const parts = service.split("://");
  if (parts.length > 2) {
    throw new InvalidArgumentError(`Malformed \`service\` string has multiple '://': "${service}"`);
  }
  const [protocol, address] = parts.length === 2 ? parts : ["http", parts[0]];
  if (protocol !== "http" && protocol !== "https") {
    throw new InvalidArgumentError(
      `No credentials factory has been registered for protocol ${protocol}: "${service}" must begin with http:// or https://`,
    );
  }
  let url: URL;
  try {
    url = new URL(`${protocol}://${address}`);
  } catch {
    throw new InvalidArgumentError(`Malformed \`service\` string "${service}": expected host:port`);
  }
  if (url.pathname !== "/" || url.search || url.hash || url.username) {
    throw new InvalidArgumentError(
      `Malformed \`service\` string "${service}": expected host:port and nothing else`,
    );
  }
  return url.origin;
}
