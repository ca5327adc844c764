import type { Random } from "../base/mod.ts";

/** 128 random bits in hex: the name of a run or a session, which no other has. */
export function randomId(random: Random): string {
  return Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, "0")).join("");
}
