/** One HTTP/2 connection of a server: frames to streams and back, with flow control both ways. */

import { DataLossError, joinBytes, messageOf, SluiceError } from "../../../base/mod.ts";
import {
  ErrorCode,
  Flag,
  frameOf,
  FrameType,
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  Setting,
  settings,
  words,
} from "./frames.ts";
import { HeaderReader } from "./hpack.ts";
import { SendQueue } from "./send_queue.ts";

/** Where bytes go. */
export interface Wire {
  /** Writes; false: not more, please, until `Connection.drained`. */
  write(bytes: Uint8Array): boolean;
  /** What is written from now on may wait until `flush`, or until everybody who can get on now has, and leave together. */
  gather(): void;
  /** What waits for others leaves now. */
  flush(): void;
  /** Closes when everything has been written. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
  /** Bytes that wait to be written. */
  readonly waiting: number;
}

/** What a server makes of a stream. */
export interface StreamHandler {
  /** A part of the request's body; the bytes do not change afterwards. */
  data(chunk: Uint8Array): void;
  /** The request is whole. */
  end(): void;
  /** The peer gave the stream up, or the connection is over, before the response was whole. */
  gone(): void;
}

/** A stream, from its request to its response. */
export interface ServerStream {
  /**
   * Makes the whole response ready, header blocks before and after a body in pieces; the reply sends it. Unless it is
   * urgent, a small one may wait for those that come in the same moment.
   */
  prepare(
    headers: Uint8Array,
    body: readonly Uint8Array[],
    trailers: Uint8Array | null,
    urgent?: boolean,
  ): () => void;
}

/** Called for each request; the handler gets what follows. */
export type OnRequest = (stream: ServerStream, headers: ReadonlyMap<string, string>) => StreamHandler;

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Streams that a peer may have open at a time; each waits for an answer, and holds a request at most. */
const MAX_STREAMS = 2_000;

/** What a peer may send on before it is told that we have it, for a stream and for all. */
const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 1 << 24;
const FIRST_WINDOW = 65_535;

const MAX_HEADER_BLOCK = 65_536;

/** A peer that has us answer and does not read is cut off when so much waits for it. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * Those who call at the same time are mostly answered at the same time. A write costs the system, and the peer whom it
 * wakes up, more than most answers cost us: up to this size they wait for one another. Larger ones leave at once, all
 * their pieces in one write.
 */
const SMALL_RESPONSE_BYTES = 4_096;

interface Prepared {
  before: Uint8Array;
  body: readonly Uint8Array[];
  trailers: Uint8Array | null;
  urgent: boolean | undefined;
}

interface Stream {
  readonly id: number;
  handler: StreamHandler | null;
  isAnswered: boolean;
  /** Whether the request is whole. */
  isWhole: boolean;
  /** Bytes that were received since the peer was last told. */
  received: number;
}

/** An error of a peer after which the connection is of no use. */
class ConnectionError extends SluiceError {
  readonly reason: number;

  constructor(reason: number, message: string) {
    super(message, { code: "data_loss" });
    this.reason = reason;
  }
}

/** A connection that was accepted. */
export class Connection {
  readonly #wire: Wire;
  readonly #onRequest: OnRequest;
  readonly #headers = new HeaderReader();
  readonly #streams = new Map<number, Stream>();
  readonly #queue: SendQueue;
  #rest: Uint8Array = new Uint8Array();
  #hasPreface = false;
  #lastStream = 0;
  #received = 0;
  /** A header block that goes on in further frames. */
  #block: { stream: number; flags: number; parts: Uint8Array[]; bytes: number } | null = null;
  #isEnding = false;
  #isOver = false;

  /** Greets the peer. */
  constructor(wire: Wire, onRequest: OnRequest) {
    this.#wire = wire;
    this.#onRequest = onRequest;
    this.#queue = new SendQueue((bytes) => this.#write(bytes));
    this.#control(
      FrameType.SETTINGS,
      0,
      0,
      settings([
        [Setting.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
        [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      ]),
    );
    this.#control(FrameType.WINDOW_UPDATE, 0, 0, words(CONNECTION_WINDOW - FIRST_WINDOW));
  }

  /** Takes bytes off the wire; they must not change afterwards. */
  receive(chunk: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#parse(this.#rest.length === 0 ? chunk : joinBytes([this.#rest, chunk]));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The wire takes more again. */
  drained(): void {
    this.#queue.resume();
  }

  /** The wire is closed. */
  closed(): void {
    this.#isOver = true;
    for (const stream of [...this.#streams.values()]) this.#drop(stream);
  }

  /** Takes no more requests, and closes when those that are open are answered. */
  shutDown(): void {
    if (this.#isOver || this.#isEnding) return;
    this.#isEnding = true;
    this.#control(FrameType.GOAWAY, 0, 0, words(this.#lastStream, ErrorCode.NO_ERROR));
    this.#endIfDone();
  }

  /** Closes at once. */
  destroy(): void {
    this.#wire.destroy();
    this.closed();
  }

  #parse(bytes: Uint8Array): void {
    let at = 0;
    if (!this.#hasPreface) {
      const length = Math.min(bytes.length, PREFACE.length);
      for (let i = 0; i < length; i++) {
        if (bytes[i] !== PREFACE[i]) return this.destroy(); // Some other protocol: nothing we say is understood.
      }
      if (bytes.length < PREFACE.length) return void (this.#rest = bytes);
      this.#hasPreface = true;
      at = PREFACE.length;
    }
    while (bytes.length - at >= HEADER_BYTES && !this.#isOver) {
      const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
      if (length > MAX_FRAME_BYTES) {
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `A frame of ${length} bytes is over the limit`);
      }
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      const stream = ((bytes[at + 5] & 0x7f) << 24) | (bytes[at + 6] << 16) | (bytes[at + 7] << 8) |
        bytes[at + 8];
      this.#frame(bytes[at + 3], bytes[at + 4], stream, bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    this.#rest = at === bytes.length ? new Uint8Array() : bytes.subarray(at);
  }

  #frame(type: number, flags: number, stream: number, content: Uint8Array): void {
    if (this.#block && type !== FrameType.CONTINUATION) throw protocolError("A header block is interrupted");
    switch (type) {
      case FrameType.DATA:
        return this.#data(flags, stream, content);
      case FrameType.HEADERS:
        return this.#headersFrame(flags, stream, content);
      case FrameType.CONTINUATION:
        return this.#continuation(flags, stream, content);
      case FrameType.SETTINGS:
        return this.#settings(flags, stream, content);
      case FrameType.PING:
        if (stream !== 0) throw protocolError("A ping belongs to no stream");
        if (content.length !== 8) throw sizeError("A ping");
        if (!(flags & Flag.ACK)) this.#control(FrameType.PING, Flag.ACK, 0, content);
        return;
      case FrameType.WINDOW_UPDATE:
        return this.#windowUpdate(stream, content);
      case FrameType.RST_STREAM: {
        if (content.length !== 4) throw sizeError("The reset of a stream");
        if (stream === 0 || stream > this.#lastStream) {
          throw protocolError("A stream is reset that was not begun");
        }
        const found = this.#streams.get(stream);
        if (found) this.#drop(found);
        return;
      }
      case FrameType.PUSH_PROMISE:
        throw protocolError("A client must not push");
        // PRIORITY, GOAWAY and what later versions know change nothing here.
    }
  }

  #headersFrame(flags: number, id: number, content: Uint8Array): void {
    if (id % 2 === 0) throw protocolError("A client's streams have odd numbers");
    let at = 0;
    let end = content.length;
    if (flags & Flag.PADDED) end -= content[at++] ?? 0;
    if (flags & Flag.PRIORITY) at += 5;
    if (at > end) throw protocolError("A header block is shorter than its padding");
    const block = content.subarray(at, end);
    this.#block = { stream: id, flags, parts: [block], bytes: block.length };
    if (flags & Flag.END_HEADERS) this.#endBlock();
  }

  #continuation(flags: number, stream: number, content: Uint8Array): void {
    const block = this.#block;
    if (block?.stream !== stream) throw protocolError("A header block goes on that was not begun");
    block.parts.push(content);
    block.bytes += content.length;
    if (block.bytes > MAX_HEADER_BLOCK || block.parts.length > 64) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "A header block is over the limit");
    }
    if (flags & Flag.END_HEADERS) this.#endBlock();
  }

  #endBlock(): void {
    const { stream: id, flags, parts } = this.#block!;
    this.#block = null;
    let headers: Map<string, string>;
    try {
      headers = this.#headers.read(parts.length === 1 ? parts[0] : joinBytes(parts));
    } catch (error) {
      throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, messageOf(error));
    }
    const isWhole = (flags & Flag.END_STREAM) !== 0;
    const known = this.#streams.get(id);
    if (known) {
      // Trailers of a request.
      if (!isWhole) throw protocolError("A stream has headers twice");
      return this.#endRequest(known);
    }
    if (id <= this.#lastStream) return; // Of a stream that is over.
    this.#lastStream = id;
    if (this.#isEnding || this.#streams.size >= MAX_STREAMS) return this.#reset(id, ErrorCode.REFUSED_STREAM);
    const stream: Stream = { id, handler: null, isAnswered: false, isWhole: false, received: 0 };
    this.#streams.set(id, stream);
    this.#queue.open(id);
    stream.handler = this.#onRequest({
      prepare: (before, body, trailers, urgent) => this.#prepare(stream, { before, body, trailers, urgent }),
    }, headers);
    if (isWhole) this.#endRequest(stream);
  }

  #data(flags: number, id: number, content: Uint8Array): void {
    if (id === 0 || id > this.#lastStream) throw protocolError("A stream has data that was not begun");
    this.#received += content.length;
    if (this.#received >= CONNECTION_WINDOW / 2) {
      this.#control(FrameType.WINDOW_UPDATE, 0, 0, words(this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(id);
    if (!stream || stream.isWhole) return;
    let body = content;
    if (flags & Flag.PADDED) {
      const padding = content[0] ?? 0;
      if (padding >= content.length) throw protocolError("Data are shorter than their padding");
      body = content.subarray(1, content.length - padding);
    }
    stream.received += content.length;
    if (stream.received >= STREAM_WINDOW / 2 && !(flags & Flag.END_STREAM)) {
      this.#control(FrameType.WINDOW_UPDATE, 0, id, words(stream.received));
      stream.received = 0;
    }
    if (body.length > 0) stream.handler?.data(body);
    if (flags & Flag.END_STREAM) this.#endRequest(stream);
  }

  #endRequest(stream: Stream): void {
    if (stream.isWhole) return;
    stream.isWhole = true;
    stream.handler?.end();
  }

  #settings(flags: number, stream: number, content: Uint8Array): void {
    if (stream !== 0) throw protocolError("Settings belong to no stream");
    if (flags & Flag.ACK) return;
    if (content.length % 6 !== 0) throw sizeError("A list of settings");
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    for (let at = 0; at < content.length; at += 6) {
      const value = view.getUint32(at + 2);
      switch (view.getUint16(at)) {
        case Setting.INITIAL_WINDOW_SIZE:
          if (value > 0x7fff_ffff) throw flowError();
          this.#queue.setInitialWindow(value);
          break;
        case Setting.MAX_FRAME_SIZE:
          if (value < MAX_FRAME_BYTES || value > 0xff_ffff) {
            throw protocolError("A frame size is out of range");
          }
          this.#queue.maxFrameBytes = value;
          break;
      }
    }
    this.#control(FrameType.SETTINGS, Flag.ACK, 0, new Uint8Array());
    this.#queue.resume();
  }

  #windowUpdate(stream: number, content: Uint8Array): void {
    if (content.length !== 4) throw sizeError("A window update");
    const increment = new DataView(content.buffer, content.byteOffset, 4).getUint32(0) & 0x7fff_ffff;
    if (increment === 0) throw protocolError("A window grows by nothing");
    if (stream > this.#lastStream) throw protocolError("A window grows of a stream that was not begun");
    if (!this.#queue.grow(stream, increment)) throw flowError();
  }

  #prepare(stream: Stream, { before, body, trailers, urgent = false }: Prepared): () => void {
    const isSmall = body.reduce((sum, { length }) => sum + length, 0) <= SMALL_RESPONSE_BYTES;
    const send = this.#queue.prepare(stream.id, before, body, trailers, () => {
      this.#streams.delete(stream.id);
      // The rest of the request is of no use: without this the peer would go on sending it.
      if (!stream.isWhole) this.#reset(stream.id, ErrorCode.NO_ERROR);
      this.#endIfDone();
    });
    return () => {
      if (!this.#streams.has(stream.id) || stream.isAnswered) return;
      stream.isAnswered = true;
      if (!isSmall || this.#streams.size > 1) this.#wire.gather();
      send();
      if (!isSmall || urgent || this.#streams.size === 0) this.#wire.flush();
    };
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream.id);
    this.#queue.drop(stream.id);
    stream.handler?.gone();
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#isEnding || this.#isOver || this.#streams.size > 0) return;
    this.#isOver = true;
    this.#wire.end();
  }

  #reset(stream: number, reason: number): void {
    this.#control(FrameType.RST_STREAM, 0, stream, words(reason));
  }

  #control(type: number, flags: number, stream: number, content: Uint8Array): void {
    if (!this.#isOver) this.#write(frameOf(type, flags, stream, content));
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#wire.waiting > MAX_WAITING_BYTES) {
      this.destroy();
      return false;
    }
    return this.#wire.write(bytes);
  }

  #fail(error: unknown): void {
    if (!(error instanceof ConnectionError) && !(error instanceof DataLossError)) throw error;
    const reason = error instanceof ConnectionError ? error.reason : ErrorCode.PROTOCOL_ERROR;
    const debug = new TextEncoder().encode(error.message);
    this.#control(FrameType.GOAWAY, 0, 0, joinBytes([words(this.#lastStream, reason), debug]));
    this.#wire.end();
    this.closed();
  }
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

function sizeError(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} has another length`);
}

function flowError(): ConnectionError {
  return new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "A window is larger than windows may be");
}
