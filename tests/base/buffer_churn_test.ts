import { assertEquals } from "@std/assert";
import { BufferChurn } from "../../src/base/mod.ts";

Deno.test("as much litter is made as buffers, in pieces", () => {
  const pieces: number[] = [];
  const churn = new BufferChurn((bytes) => pieces.push(bytes));
  for (let i = 0; i < 100; i++) churn.made(300_000);
  const sum = pieces.reduce((a, b) => a + b, 0);
  assertEquals(Math.floor(sum / 65_536), Math.floor(100 * 300_000 / 65_536));
  assertEquals(new Set(pieces), new Set([65_536]));
});

Deno.test("small buffers make no litter, however many there are, and neither do those that outlive it", () => {
  let pieces = 0;
  const churn = new BufferChurn(() => pieces++);
  for (let i = 0; i < 10_000; i++) churn.made(65_535);
  for (let i = 0; i < 100; i++) churn.made(19_000_000);
  assertEquals(pieces, 0);
});

Deno.test("the litter of a runtime is made without a complaint", () => {
  const churn = new BufferChurn();
  for (let i = 0; i < 64; i++) churn.made(1_048_576);
});
