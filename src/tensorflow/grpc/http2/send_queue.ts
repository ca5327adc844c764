/** Responses on their way: as much at a time as the peer's windows and the wire take, streams in turn. */

import { Flag, FrameType, HEADER_BYTES, MAX_FRAME_BYTES, writeFrameHeader } from "./frames.ts";

const FIRST_WINDOW = 65_535;
const LARGEST_WINDOW = 0x7fff_ffff;

/** Most bytes that are put together for one write; larger pieces go out as they are. */
const TOGETHER_BYTES = 65_536;

interface Sending {
  readonly pieces: Uint8Array[];
  readonly trailers: Uint8Array | null;
  readonly done: () => void;
}

interface Outgoing {
  window: number;
  sending: Sending | null;
}

/** Sends responses within their windows. */
export class SendQueue {
  /** Largest content of a frame that the peer takes. */
  maxFrameBytes = MAX_FRAME_BYTES;
  readonly #write: (bytes: Uint8Array) => boolean;
  readonly #streams = new Map<number, Outgoing>();
  /** Streams that have something to send, in turn. */
  readonly #waiting = new Set<number>();
  #window = FIRST_WINDOW;
  #initialWindow = FIRST_WINDOW;
  #isBlocked = false;

  /** `write`: false once the wire takes no more until {@linkcode SendQueue.resume}. */
  constructor(write: (bytes: Uint8Array) => boolean) {
    this.#write = write;
  }

  /** A stream begins. */
  open(stream: number): void {
    this.#streams.set(stream, { window: this.#initialWindow, sending: null });
  }

  /** A stream is over before its response was sent. */
  drop(stream: number): void {
    this.#streams.delete(stream);
    this.#waiting.delete(stream);
  }

  /** The peer grants other windows to all streams. */
  setInitialWindow(window: number): void {
    const change = window - this.#initialWindow;
    this.#initialWindow = window;
    for (const stream of this.#streams.values()) stream.window += change;
  }

  /** A window grows; 0: that of the connection. The reply is whether it may be that large. */
  grow(stream: number, increment: number): boolean {
    if (stream === 0) {
      this.#window += increment;
      if (this.#window > LARGEST_WINDOW) return false;
    } else {
      const found = this.#streams.get(stream);
      if (!found) return true; // It is over.
      found.window += increment;
      if (found.window > LARGEST_WINDOW) return false;
    }
    this.#pump();
    return true;
  }

  /** The wire takes more, or windows have changed. */
  resume(): void {
    this.#isBlocked = false;
    this.#pump();
  }

  /** Makes a response ready; what this returns sends it. `done` is called when the wire has all of it. */
  prepare(
    id: number,
    headers: Uint8Array,
    body: readonly Uint8Array[],
    trailers: Uint8Array | null,
    done: () => void,
  ): () => void {
    const pieces = body.filter(({ length }) => length > 0);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length > Math.min(TOGETHER_BYTES, this.maxFrameBytes)) {
      return () => this.#queue(id, headers, pieces, trailers, done);
    }
    const bytes = whole(id, headers, pieces, length, trailers);
    return () => {
      const stream = this.#streams.get(id)!;
      const fits = length <= stream.window && length <= this.#window;
      if (!fits || this.#isBlocked || this.#waiting.size > 0) {
        return this.#queue(id, headers, pieces, trailers, done);
      }
      this.#isBlocked = !this.#write(bytes);
      this.#window -= length;
      this.#streams.delete(id);
      done();
    };
  }

  #queue(
    id: number,
    headers: Uint8Array,
    pieces: Uint8Array[],
    trailers: Uint8Array | null,
    done: () => void,
  ): void {
    const stream = this.#streams.get(id)!;
    // Headers count against no window.
    const head = new Uint8Array(HEADER_BYTES + headers.length);
    writeFrameHeader(head, 0, {
      length: headers.length,
      type: FrameType.HEADERS,
      flags: Flag.END_HEADERS | (trailers === null && pieces.length === 0 ? Flag.END_STREAM : 0),
      stream: id,
    });
    head.set(headers, HEADER_BYTES);
    if (!this.#write(head)) this.#isBlocked = true;
    stream.sending = { pieces, trailers, done };
    this.#waiting.add(id);
    this.#pump();
  }

  #pump(): void {
    let isStuck = false;
    while (!this.#isBlocked && !isStuck && this.#waiting.size > 0) {
      isStuck = true;
      for (const id of [...this.#waiting]) {
        if (this.#isBlocked) break;
        if (this.#step(id)) isStuck = false;
      }
    }
  }

  /** Sends one frame of a stream, or its trailers. The reply is whether something went. */
  #step(id: number): boolean {
    const stream = this.#streams.get(id);
    const sending = stream?.sending;
    if (!stream || !sending) {
      this.#waiting.delete(id);
      return false;
    }
    const [piece] = sending.pieces;
    if (piece !== undefined) {
      const length = Math.min(piece.length, this.maxFrameBytes, stream.window, this.#window);
      if (length <= 0) return false;
      stream.window -= length;
      this.#window -= length;
      if (length === piece.length) sending.pieces.shift();
      else sending.pieces[0] = piece.subarray(length);
      const isLast = sending.pieces.length === 0 && sending.trailers === null;
      const header = new Uint8Array(HEADER_BYTES);
      const flags = isLast ? Flag.END_STREAM : 0;
      writeFrameHeader(header, 0, { length, type: FrameType.DATA, flags, stream: id });
      this.#write(header);
      if (!this.#write(piece.subarray(0, length))) this.#isBlocked = true;
      if (sending.pieces.length > 0) return true;
    }
    if (sending.trailers !== null) {
      const trailers = new Uint8Array(HEADER_BYTES + sending.trailers.length);
      writeFrameHeader(trailers, 0, {
        length: sending.trailers.length,
        type: FrameType.HEADERS,
        flags: Flag.END_HEADERS | Flag.END_STREAM,
        stream: id,
      });
      trailers.set(sending.trailers, HEADER_BYTES);
      if (!this.#write(trailers)) this.#isBlocked = true;
    }
    this.#waiting.delete(id);
    this.#streams.delete(id);
    sending.done();
    return true;
  }
}

/** A small response in one piece. */
function whole(
  stream: number,
  headers: Uint8Array,
  body: readonly Uint8Array[],
  length: number,
  trailers: Uint8Array | null,
): Uint8Array {
  const hasBody = length > 0 || trailers === null;
  const bytes = new Uint8Array(
    HEADER_BYTES + headers.length + (hasBody ? HEADER_BYTES + length : 0) +
      (trailers === null ? 0 : HEADER_BYTES + trailers.length),
  );
  let at = 0;
  const put = (type: number, flags: number, size: number, pieces: readonly Uint8Array[]) => {
    writeFrameHeader(bytes, at, { length: size, type, flags, stream });
    at += HEADER_BYTES;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
  };
  put(FrameType.HEADERS, Flag.END_HEADERS, headers.length, [headers]);
  if (hasBody) put(FrameType.DATA, trailers === null ? Flag.END_STREAM : 0, length, body);
  if (trailers !== null) {
    put(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, trailers.length, [trailers]);
  }
  return bytes;
}
