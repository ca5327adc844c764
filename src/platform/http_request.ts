/** Reads requests of HTTP/1.1 from a connection of one's own. */

import type { ByteConnection } from "./http_body.ts";

/** What is sent instead of an answer to a request that cannot be read. */
export class BadRequest extends Error {
  /** The status of the response. */
  readonly status: number;

  /** A refusal with a status and a sentence. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const LONGEST_HEAD = 16 * 1024;
const LARGEST_BODY = 1024 * 1024;

/**
 * Reads one request, whose body has the length that its head states; null if the connection ends before.
 *
 * @throws {BadRequest} for what is no such request, or too large
 */
export async function readRequest(connection: ByteConnection, signal: AbortSignal): Promise<Request | null> {
  const buffer = new Uint8Array(LONGEST_HEAD);
  let filled = 0;
  let head = -1;
  while (head < 0) {
    if (filled === LONGEST_HEAD) throw new BadRequest(431, `A head is over ${LONGEST_HEAD} bytes`);
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) return null;
    const from = Math.max(0, filled - 3);
    filled += count;
    const end = new TextDecoder("latin1").decode(buffer.subarray(from, filled)).indexOf("\r\n\r\n");
    if (end >= 0) head = from + end;
  }
  const { method, path, headers } = parse(new TextDecoder("latin1").decode(buffer.subarray(0, head)));
  const length = lengthOf(headers);
  const body = new Uint8Array(length);
  const rest = buffer.subarray(head + 4, Math.min(filled, head + 4 + length));
  body.set(rest);
  for (let at = rest.length; at < length;) {
    const count = await connection.read(body.subarray(at));
    if (count === null) return null;
    at += count;
  }
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://localhost${path}`, { method, headers, signal, body: hasBody ? body : null });
}

function parse(head: string): { method: string; path: string; headers: Headers } {
  const [first, ...lines] = head.split("\r\n");
  const request = /^([A-Z]+) (\/\S*) HTTP\/1\.[01]$/.exec(first);
  if (!request) throw new BadRequest(400, "What came is no request of HTTP/1");
  const headers = new Headers();
  try {
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
  } catch {
    throw new BadRequest(400, "A request has a damaged header");
  }
  return { method: request[1], path: request[2], headers };
}

function lengthOf(headers: Headers): number {
  if (headers.has("transfer-encoding")) throw new BadRequest(411, "A request states no length");
  const length = headers.get("content-length") ?? "0";
  if (!/^\d{1,15}$/.test(length)) throw new BadRequest(400, "A request has a length that is no number");
  if (Number(length) > LARGEST_BODY) throw new BadRequest(413, `A request is over ${LARGEST_BODY} bytes`);
  return Number(length);
}
