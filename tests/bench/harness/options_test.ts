import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "./options.ts";

const rows = ["scalars", "tensors", "lanes"];
const nothing = { help: false, json: false, quick: false, write: false, only: null };

Deno.test("Without flags everything is measured", () => {
  assertEquals(parseOptions([], rows), nothing);
});

Deno.test("Rows may be named in one flag or in several", () => {
  assertEquals(parseOptions(["--only", "scalars,lanes", "--json"], rows), {
    ...nothing,
    json: true,
    only: ["scalars", "lanes"],
  });
  assertEquals(parseOptions(["--only=tensors", "--only", "lanes", "--quick"], rows), {
    ...nothing,
    quick: true,
    only: ["tensors", "lanes"],
  });
});

Deno.test("What is not known is refused by its name", () => {
  assertThrows(() => parseOptions(["--fast"], rows), RangeError, '"--fast" is not known');
  assertThrows(() => parseOptions(["scalars"], rows), RangeError, '"scalars" is not known');
  assertThrows(
    () => parseOptions(["--only", "scalar"], rows),
    RangeError,
    '"scalar" is no row: there are scalars',
  );
});
