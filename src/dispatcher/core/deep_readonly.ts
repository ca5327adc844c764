/** `T` with nothing in it that can be changed: how handlers see the state. Bytes are shared as they are. */
export type DeepReadonly<T> = T extends Uint8Array | string | number | boolean | null | undefined ? T
  : T extends ReadonlyMap<infer K, infer V> ? ReadonlyMap<K, DeepReadonly<V>>
  : T extends ReadonlySet<infer V> ? ReadonlySet<V>
  : T extends readonly [infer A, infer B] ? readonly [A, B]
  : T extends readonly (infer V)[] ? readonly DeepReadonly<V>[]
  : { readonly [K in keyof T]: DeepReadonly<T[K]> };
