/** Globals that a shipped function may use: they mean the same where it was written and where it runs. */

const ECMASCRIPT = `
  Array ArrayBuffer AggregateError AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView
  Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity
  Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
  ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TypeError
  URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent
  encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat parseInt undefined unescape
`;

const WEB = `
  AbortController AbortSignal Blob BroadcastChannel ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy
  Crypto CryptoKey CustomEvent DOMException DecompressionStream ErrorEvent Event EventTarget File FileReader FormData
  Headers ImageData MessageChannel MessageEvent MessagePort Performance PerformanceEntry PerformanceMark
  PerformanceMeasure ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
  ReadableStreamDefaultController ReadableStreamDefaultReader Request Response SubtleCrypto TextDecoder
  TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL URLPattern
  URLSearchParams WebAssembly WebSocket Worker WritableStream WritableStreamDefaultController
  WritableStreamDefaultWriter atob btoa caches clearInterval clearTimeout console createImageBitmap crypto fetch
  navigator performance queueMicrotask reportError self setInterval setTimeout structuredClone
`;

const RUNTIMES = `Buffer Bun Deno clearImmediate global process setImmediate`;

/** The names of the globals, by whom they come from. */
export const STANDARD_GLOBALS: ReadonlySet<string> = new Set(
  [ECMASCRIPT, WEB, RUNTIMES].flatMap((names) => names.trim().split(/\s+/)),
);
