/** What Sluice needs to know of the head of an HTTP/1.1 response. */
export interface HttpHead {
  readonly status: number;
  readonly contentType: string;
  /** Where the caller is sent on to; null: nowhere. */
  readonly location: string | null;
  /** The body comes in chunks. */
  readonly chunked: boolean;
  /** Bytes of a body that does not; null: it ends with the connection. */
  readonly length: number | null;
}

/**
 * Parses a head, without the empty line at its end.
 *
 * @throws {TypeError} if it is none of HTTP/1, or its body is framed in a way that cannot be undone here
 */
export function parseHead(text: string): HttpHead {
  const [first, ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})( |$)/.exec(first);
  if (!status) throw new TypeError(`The answer does not begin like one of HTTP/1: ${first.slice(0, 40)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const encoding = headers.get("transfer-encoding")?.toLowerCase();
  if ((encoding !== undefined && encoding !== "chunked") || headers.has("content-encoding")) {
    throw new TypeError("The body of a response is encoded in a way that was not asked for");
  }
  const length = headers.get("content-length");
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw new TypeError(`A response has a body of "${length}" bytes`);
  }
  return {
    status: Number(status[1]),
    contentType: headers.get("content-type") ?? "",
    location: headers.get("location") ?? null,
    chunked: encoding === "chunked",
    length: length === undefined ? null : Number(length),
  };
}
