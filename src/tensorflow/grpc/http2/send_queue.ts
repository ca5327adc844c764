/** Responses on their way: as much at a time as the peer's windows and the wire take, streams in turn. */

import { joinBytes } from "../../../base/mod.ts";
import { Flag, frameOf, FrameType, HEADER_BYTES, MAX_FRAME_BYTES, writeFrameHeader } from "./frames.ts";

const FIRST_WINDOW = 65_535;
const LARGEST_WINDOW = 0x7fff_ffff;

/** Most bytes that are put together for one write; larger pieces go out as they are. */
const TOGETHER_BYTES = 65_536;

/** Most bytes of a piece that is copied to go with others. */
const SMALL_BYTES = 4_096;

interface Sending {
  /** The frame of the headers, as long as it has not left. */
  head: Uint8Array | null;
  /** What has not left of the body, and how many bytes that is. */
  readonly pieces: Uint8Array[];
  length: number;
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
    const length = lengthOf(pieces);
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
    const length = lengthOf(pieces);
    const flags = Flag.END_HEADERS | (trailers === null && length === 0 ? Flag.END_STREAM : 0);
    const head = frameOf(FrameType.HEADERS, flags, id, headers);
    stream.sending = { head, pieces, length, trailers, done };
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

  /** Sends one frame of a stream, and what belongs before and behind it. The reply is whether something went. */
  #step(id: number): boolean {
    const stream = this.#streams.get(id);
    const sending = stream?.sending;
    if (!stream || !sending) {
      this.#waiting.delete(id);
      return false;
    }
    const length = Math.max(0, Math.min(sending.length, this.maxFrameBytes, stream.window, this.#window));
    // Headers count against no window, but what they are good for comes behind them.
    if (length === 0 && sending.length > 0) return false;
    stream.window -= length;
    this.#window -= length;
    sending.length -= length;
    const isWhole = sending.length === 0;
    const pieces: Uint8Array[] = [];
    if (sending.head) pieces.push(sending.head);
    sending.head = null;
    if (length > 0) {
      const header = new Uint8Array(HEADER_BYTES);
      const flags = isWhole && sending.trailers === null ? Flag.END_STREAM : 0;
      writeFrameHeader(header, 0, { length, type: FrameType.DATA, flags, stream: id });
      pieces.push(header, ...takeBytes(sending.pieces, length));
    }
    if (isWhole && sending.trailers !== null) {
      pieces.push(frameOf(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, id, sending.trailers));
    }
    for (const bytes of togetherWhereSmall(pieces)) if (!this.#write(bytes)) this.#isBlocked = true;
    if (!isWhole) return true;
    this.#waiting.delete(id);
    this.#streams.delete(id);
    sending.done();
    return true;
  }
}

/** Takes `length` bytes off the beginning of some pieces. */
function takeBytes(pieces: Uint8Array[], length: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let left = length; left > 0;) {
    const [piece] = pieces;
    if (piece.length <= left) {
      taken.push(piece);
      pieces.shift();
    } else {
      taken.push(piece.subarray(0, left));
      pieces[0] = piece.subarray(left);
    }
    left -= taken.at(-1)!.length;
  }
  return taken;
}

/** Pieces to be written one by one: each write wakes the peer up, so small ones that follow one another are one. */
function togetherWhereSmall(pieces: readonly Uint8Array[]): Uint8Array[] {
  const writes: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length <= SMALL_BYTES) small.push(piece);
    else {
      if (small.length > 0) writes.push(joinBytes(small));
      small = [];
      writes.push(piece);
    }
  }
  if (small.length > 0) writes.push(joinBytes(small));
  return writes;
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
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
