/**
 * Floor 0: what everything else stands on. Errors, the clock and random ports with their fakes, and small
 * helpers for options, cancellation, back-off and bounded queues. Imports nothing at all.
 *
 * @module
 */
export { aborted, raceAbort } from "./abort.ts";
export { assertNever } from "./assert_never.ts";
export { decodeBase64, encodeBase64 } from "./base64.ts";
export { backoffMs, type BackoffOptions } from "./backoff.ts";
export {
  addBounds,
  boundsUpTo,
  countWithin,
  gapsWithin,
  isWithin,
  partsWithin,
  removeBounds,
  withoutRanges,
} from "./bounds.ts";
export { BufferChurn } from "./buffer_churn.ts";
export { Channel, type ChannelOptions, CLOSED } from "./channel.ts";
export { type Clock, systemClock, type Timer } from "./clock.ts";
export { crc32c, maskedCrc32c } from "./crc32c.ts";
export { type Deferred, deferred } from "./deferred.ts";
export { type DurableFiles, writeWhole } from "./durable_files.ts";
export {
  AlreadyExistsError,
  CanceledError,
  DataLossError,
  DeadlineExceededError,
  errorFromCode,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  messageOf,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  SluiceError,
  type SluiceErrorCode,
  UnauthenticatedError,
  UnavailableError,
} from "./errors.ts";
export { FakeClock } from "./fake_clock.ts";
export { completeConfig, type Field, type FieldKind, type Fields } from "./fields.ts";
export { joinBytes } from "./join_bytes.ts";
export { consoleLog, type Log, type LogFields, silentLog } from "./log.ts";
export { isPromise, type MaybePromise, then } from "./maybe.ts";
export {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkKeys,
  checkNumber,
  checkOneOf,
  checkString,
  show,
} from "./options.ts";
export { mix32, mixSeeds, type Random, SeededRandom, systemRandom } from "./random.ts";
export { type Range, RangeSet } from "./range_set.ts";
