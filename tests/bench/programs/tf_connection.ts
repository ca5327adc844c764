/** Calls of TensorFlow's protocol at so little cost that the server is what is measured: HTTP/2 by hand. */

import { joinBytes } from "../../../src/base/mod.ts";
import {
  Flag,
  frameOf,
  FrameType,
  HEADER_BYTES,
  Setting,
  settings,
  words,
} from "../../../src/tensorflow/grpc/http2/frames.ts";
import { HeaderReader, writeHeaders } from "../../../src/tensorflow/grpc/http2/hpack.ts";

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const WINDOW = 2 ** 24;
const REQUEST_HEADER_BYTES = 5;
/** The server's largest frame. */
const MAX_FRAME_BYTES = 16_384;

interface Call {
  readonly chunks: Uint8Array[];
  status: string | undefined;
  message: string | undefined;
  resolve(message: Uint8Array): void;
  reject(error: Error): void;
}

/** One connection, with any number of calls at a time. */
export class TfConnection {
  readonly #socket: Deno.TcpConn;
  readonly #authority: string;
  readonly #headers = new HeaderReader();
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #calls = new Map<number, Call>();
  #nextStream = 1;
  #received = 0;
  #outgoing: Uint8Array[] = [];
  #writing: Promise<void> | null = null;

  private constructor(socket: Deno.TcpConn, authority: string) {
    this.#socket = socket;
    this.#authority = authority;
  }

  /** Connects to "host:port". */
  static async open(address: string): Promise<TfConnection> {
    const { hostname, port } = new URL(`http://${address}`);
    const socket = await Deno.connect({ hostname, port: Number(port) });
    socket.setNoDelay(true);
    const connection = new TfConnection(socket, address);
    connection.#write(joinBytes([
      PREFACE,
      frameOf(
        FrameType.SETTINGS,
        0,
        0,
        settings([[Setting.INITIAL_WINDOW_SIZE, WINDOW], [Setting.MAX_FRAME_SIZE, WINDOW - 1]]),
      ),
      frameOf(FrameType.WINDOW_UPDATE, 0, 0, words(WINDOW)),
    ]));
    connection.#read();
    return connection;
  }

  /** Calls a method with an encoded request of less than 16 KiB. Rejects with what the server says. */
  call(path: string, request: Uint8Array): Promise<Uint8Array> {
    if (request.length + REQUEST_HEADER_BYTES > MAX_FRAME_BYTES) {
      throw new RangeError("The request is too large");
    }
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const framed = new Uint8Array(REQUEST_HEADER_BYTES + request.length);
    new DataView(framed.buffer).setUint32(1, request.length);
    framed.set(request, REQUEST_HEADER_BYTES);
    this.#write(joinBytes([
      frameOf(FrameType.HEADERS, Flag.END_HEADERS, stream, this.#blockOf(path)),
      frameOf(FrameType.DATA, Flag.END_STREAM, stream, framed),
    ]));
    return new Promise((resolve, reject) => {
      this.#calls.set(stream, { chunks: [], status: undefined, message: undefined, resolve, reject });
    });
  }

  close(): void {
    this.#socket.close();
  }

  #blockOf(path: string): Uint8Array {
    let block = this.#blocks.get(path);
    if (!block) {
      block = writeHeaders([
        [":method", "POST"],
        [":scheme", "http"],
        [":path", path],
        [":authority", this.#authority],
        ["content-type", "application/grpc"],
        ["te", "trailers"],
      ]);
      this.#blocks.set(path, block);
    }
    return block;
  }

  #write(bytes: Uint8Array): void {
    this.#outgoing.push(bytes);
    this.#writing ??= this.#flush();
  }

  async #flush(): Promise<void> {
    await null; // What is called in one turn goes in one write.
    while (this.#outgoing.length > 0) {
      const bytes = joinBytes(this.#outgoing.splice(0));
      for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
    }
    this.#writing = null;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    let rest = new Uint8Array();
    try {
      for (;;) {
        const count = await this.#socket.read(buffer);
        if (count === null) break;
        const bytes = joinBytes([rest, buffer.subarray(0, count)]);
        rest = bytes.slice(this.#frames(bytes));
      }
    } catch {
      // Closed here, or broken: both end the calls.
    }
    for (const call of this.#calls.values()) {
      call.reject(new Error(`The connection to ${this.#authority} is over`));
    }
  }

  /** Takes whole frames; the reply is where they end. */
  #frames(bytes: Uint8Array): number {
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at);
      const end = at + HEADER_BYTES + (view.getUint32(0) >>> 8);
      if (end > bytes.length) break;
      this.#frame(bytes[at + 3], bytes[at + 4], view.getUint32(5), bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    return at;
  }

  #frame(type: number, flags: number, stream: number, content: Uint8Array): void {
    const call = this.#calls.get(stream);
    switch (type) {
      case FrameType.DATA:
        call?.chunks.push(content.slice());
        this.#received += content.length;
        if (this.#received < WINDOW / 2) return;
        this.#write(frameOf(FrameType.WINDOW_UPDATE, 0, 0, words(this.#received)));
        this.#received = 0;
        return;
      case FrameType.HEADERS: {
        const headers = this.#headers.read(content);
        if (!call) return;
        call.status ??= headers.get("grpc-status");
        call.message ??= headers.get("grpc-message");
        if (!(flags & Flag.END_STREAM)) return;
        this.#calls.delete(stream);
        if (call.status === "0") return call.resolve(joinBytes(call.chunks).subarray(REQUEST_HEADER_BYTES));
        return call.reject(new Error(`status ${call.status}: ${call.message}`));
      }
      case FrameType.SETTINGS:
        if (!(flags & Flag.ACK)) this.#write(frameOf(FrameType.SETTINGS, Flag.ACK, 0, new Uint8Array()));
        return;
      case FrameType.PING:
        if (!(flags & Flag.ACK)) this.#write(frameOf(FrameType.PING, Flag.ACK, 0, content));
        return;
    }
  }
}
