/**
 * What can happen to the list of saved datasets ("snapshots" in TensorFlow's words). Only their paths are kept here:
 * how far one is stands in its own directory, where workers write too.
 */

/** A snapshot was begun: its directory is there, or is about to get its name. */
export interface BeginSnapshot {
  type: "beginSnapshot";
  path: string;
}

/** A snapshot is over, successfully or not. */
export interface EndSnapshot {
  type: "endSnapshot";
  path: string;
}

/** A snapshot could not be begun. */
export interface ForgetSnapshot {
  type: "forgetSnapshot";
  path: string;
}
