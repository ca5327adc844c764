/** Frames of HTTP/2 (RFC 9113). */

/** Bytes of a frame's header. */
export const HEADER_BYTES = 9;

/** Largest content of a frame that is taken: what HTTP/2 grants where nothing else is said. */
export const MAX_FRAME_BYTES = 16_384;

/** Kinds of frames. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of frames; one bit means several things. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Settings that are read or written. */
export const Setting = { MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4, MAX_FRAME_SIZE: 5 } as const;

/** Reasons for the end of a stream or connection. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** Writes a frame's header at `at`. */
export function writeFrameHeader(
  bytes: Uint8Array,
  at: number,
  { length, type, flags, stream }: { length: number; type: number; flags: number; stream: number },
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = stream >>> 24;
  bytes[at + 6] = stream >>> 16;
  bytes[at + 7] = stream >>> 8;
  bytes[at + 8] = stream;
}

/** A frame with its content. */
export function frameOf(type: number, flags: number, stream: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + content.length);
  writeFrameHeader(bytes, 0, { length: content.length, type, flags, stream });
  bytes.set(content, HEADER_BYTES);
  return bytes;
}

/** Numbers of 4 bytes, as the contents of control frames have them. */
export function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value));
  return bytes;
}

/** The content of a SETTINGS frame. */
export function settings(entries: readonly (readonly [setting: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * 6);
  const view = new DataView(bytes.buffer);
  entries.forEach(([setting, value], i) => {
    view.setUint16(i * 6, setting);
    view.setUint32(i * 6 + 2, value);
  });
  return bytes;
}
