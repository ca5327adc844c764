import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import { rootOf } from "../../../src/tensorflow/snapshots/root_of.ts";

Deno.test("paths mean directories of this machine", () => {
  assertEquals(rootOf("/data/a"), "/data/a");
  assertEquals(rootOf("/data/a//"), "/data/a");
  assertEquals(rootOf("a/b"), "a/b");
  assertEquals(rootOf("file:///data/a b%20c"), "/data/a b%20c"); // As TensorFlow reads it, nothing is decoded.
  assertEquals(rootOf("file://localhost/data/a"), "/data/a");
});

Deno.test("other file systems, and paths of no directory, are refused", () => {
  assertThrows(() => rootOf("gs://bucket/a"), InvalidArgumentError, 'not to "gs://"');
  for (const path of ["", "/", "file:///"]) {
    assertThrows(() => rootOf(path), InvalidArgumentError, "must name a directory");
  }
});
