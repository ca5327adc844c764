/** The codecs that a process has. */

import type { Codec, CodecName } from "./codec.ts";

/** Codecs by their names; immutable. */
export class CodecSet {
  readonly #codecs: ReadonlyMap<CodecName, Codec>;

  /** Makes a set; of two codecs of one name, the later one counts. */
  constructor(codecs: readonly Codec[]) {
    this.#codecs = new Map(codecs.map((codec) => [codec.name, codec]));
  }

  /** The codec of a name, if the set has it. */
  get(name: CodecName): Codec | undefined {
    return this.#codecs.get(name);
  }

  /** This set with `codecs` added; they take the place of those of the same name. */
  with(codecs: readonly Codec[]): CodecSet {
    return new CodecSet([...this.#codecs.values(), ...codecs]);
  }

  /** The names of all codecs. */
  get names(): CodecName[] {
    return [...this.#codecs.keys()];
  }
}
