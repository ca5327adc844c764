/** The body of a response as exact numbers of bytes, and who gets one. */

/** Reads a body piece by piece, each into a fresh buffer. */
export interface BodyReader {
  /**
   * Fills a fresh buffer with `length` bytes from `offset` on, or gives null if the body ends before the first.
   * If it ends in between, what has come is given: it is shorter than asked for. Not called while a read waits.
   */
  read(length: number, offset?: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Gives the body up: a read that waits ends. Idempotent. */
  cancel(): Promise<void>;
}

/** A POST request whose answer is a stream. */
export interface StreamRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

/** Its answer, as soon as the head is there. */
export interface StreamResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: BodyReader;
}

/**
 * Sends a request to an address, "unix:/path" or as `fetch` knows them, by means of the platform's own. Gives null
 * for an address that it does not reach, or would reach no better than `fetch` does. Rejects with whatever refuses
 * or breaks the connection.
 */
export type OpenStream = (address: string, request: StreamRequest) => Promise<StreamResponse | null>;

/** Whether an address is a unix socket's, "unix:/path". */
export function isUnixAddress(address: string): boolean {
  return address.startsWith("unix:");
}
