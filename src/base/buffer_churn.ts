/** Has the engine free large buffers in time. */

// Smaller ones come with enough other objects.
const LEAST_BYTES = 64 * 1024;

// Of larger ones, a few of which are in use at any time, most would survive a collection so early, and be freed by none
// but a marking: readers of 19 MB batches had 24 of them in 760 MB.
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Bytes of litter for each byte of a buffer. The young generation grows to 32 MB in some seconds: half as much litter
 * had it collected for every 64 MB of buffers, which was too late by then.
 */
const LITTER_A_BYTE = 1;

// An object of twice that size would be kept outside of the young generation.
const LITTER_BYTES = 64 * 1024;
const BYTES_A_SLOT = 8;

/**
 * For those who make large buffers all the time and soon let go of them. V8 frees such a buffer when it collects its
 * young generation, which takes half a millisecond. It does that when the young generation is full of objects, and
 * buffers lie outside of it: they count only once there are 64 MB of them. But at some 50 MB V8 begins to mark its
 * whole heap, and the buffers that are in use meanwhile bring the next marking nearer. Marking the small heap of a
 * reader takes some 35 ms of processor time, more than everything else that is done with 50 MB of elements. So some
 * litter goes with each buffer, to fill the young generation before that.
 */
export class BufferChurn {
  readonly #litter: (bytes: number) => void;
  #owed = 0;

  /** `litter` allocates about so many bytes on the engine's heap, of which nobody needs any. */
  constructor(litter: (bytes: number) => void = makeLitter) {
    this.#litter = litter;
  }

  /** Notes that a buffer of so many bytes was made. */
  made(bytes: number): void {
    if (bytes < LEAST_BYTES || bytes > MOST_BYTES) return;
    this.#owed += bytes * LITTER_A_BYTE;
    for (; this.#owed >= LITTER_BYTES; this.#owed -= LITTER_BYTES) this.#litter(LITTER_BYTES);
  }
}

/** The latest litter, in sight of others: the compiler leaves out what nobody could see. */
export const litter: { last: unknown } = { last: null };

function makeLitter(bytes: number): void {
  litter.last = new Array(bytes / BYTES_A_SLOT);
}
