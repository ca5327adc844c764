import type { Random } from "../base/mod.ts";

/** A random id (32 hex digits) that makes the repeats of a request known as such. */
export function requestId(random: Random): string {
  let id = "";
  for (let i = 0; i < 4; i++) id += random.uint32().toString(16).padStart(8, "0");
  return id;
}
