/** Operators that hand elements on as they are: some of them, in another order, more often, or ahead of time. */

import { checkInteger, InvalidArgumentError, show } from "../../base/mod.ts";
import { boolean, count, integer, nullable, size } from "../attributes.ts";
import { ifFinite, sameCount } from "../cardinality_rules.ts";
import { INFINITE_CARDINALITY, SHARD_HINT, UNKNOWN_CARDINALITY } from "../constants.ts";
import type {
  CacheNode,
  EnumerateNode,
  IgnoreErrorsNode,
  OptionsNode,
  PrefetchNode,
  RepeatNode,
  ShardNode,
  ShuffleNode,
  SkipNode,
  TakeNode,
} from "../nodes.ts";
import { ONE_INPUT, type Operator } from "../operator.ts";
import { NUMBER, sameSpec } from "../spec_rules.ts";

/** Another order. */
export const shuffle: Operator<ShuffleNode> = {
  arity: ONE_INPUT,
  attributes: { bufferSize: size, seed: nullable(integer()), reshuffleEachIteration: boolean },
  cardinality: sameCount,
  spec: sameSpec,
};

/** Several times over. */
export const repeat: Operator<RepeatNode> = {
  arity: ONE_INPUT,
  attributes: { count },
  cardinality({ count }, [input]) {
    if (count === -1) return input === 0 ? 0 : INFINITE_CARDINALITY;
    return count === 0 ? 0 : ifFinite(input, (each) => each * count);
  },
  spec: sameSpec,
};

/** The first elements. */
export const take: Operator<TakeNode> = {
  arity: ONE_INPUT,
  attributes: { count },
  cardinality({ count }, [input]) {
    if (count === -1) return input;
    if (count === 0) return 0;
    return input === INFINITE_CARDINALITY ? count : ifFinite(input, (all) => Math.min(all, count));
  },
  spec: sameSpec,
};

/** All but the first elements. */
export const skip: Operator<SkipNode> = {
  arity: ONE_INPUT,
  attributes: { count },
  cardinality({ count }, [input]) {
    return count === -1 ? 0 : ifFinite(input, (all) => Math.max(0, all - count));
  },
  spec: sameSpec,
};

/** Every n-th element. */
export const shard: Operator<ShardNode> = {
  arity: ONE_INPUT,
  attributes: { num: integer({ min: SHARD_HINT }), index: integer() },
  check({ num, index }) {
    if (num === SHARD_HINT) return void checkInteger("index", index, { min: SHARD_HINT });
    if (num === 0) throw new InvalidArgumentError(`\`num\` must be >= 1 or SHARD_HINT, got ${show(num)}`);
    if (index < 0 || index >= num) {
      throw new InvalidArgumentError(`Index must be between 0 and ${num - 1} (currently index = ${index})`);
    }
  },
  cardinality({ num, index }, [input]) {
    if (num === SHARD_HINT) return input === INFINITE_CARDINALITY ? input : UNKNOWN_CARDINALITY;
    return ifFinite(input, (all) => Math.max(0, Math.ceil((all - index) / num)));
  },
  spec: sameSpec,
};

/** Pulling ahead. */
export const prefetch: Operator<PrefetchNode> = {
  arity: ONE_INPUT,
  attributes: { bufferSize: size },
  cardinality: sameCount,
  spec: sameSpec,
};

/** Keeping for later passes. */
export const cache: Operator<CacheNode> = {
  arity: ONE_INPUT,
  attributes: {},
  cardinality: sameCount,
  spec: sameSpec,
};

/** Numbering. */
export const enumerate: Operator<EnumerateNode> = {
  arity: ONE_INPUT,
  attributes: { start: integer() },
  cardinality: sameCount,
  spec: (_node, [input]) => ({ kind: "tuple", items: [NUMBER, input] }),
};

/** Leaving out what failed. */
export const ignoreErrors: Operator<IgnoreErrorsNode> = {
  arity: ONE_INPUT,
  attributes: { log: boolean },
  cardinality: (_node, [input]) => ifFinite(input, (all) => all === 0 ? 0 : UNKNOWN_CARDINALITY),
  spec: sameSpec,
};

/** Options of the operators below. */
export const options: Operator<OptionsNode> = {
  arity: ONE_INPUT,
  attributes: { deterministic: nullable(boolean) },
  cardinality: sameCount,
  spec: sameSpec,
};
