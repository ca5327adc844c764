/** How long a reader that leaves waits, in milliseconds, for the answers of those that it takes leave of. */
export const FAREWELL_MS = 1_000;
