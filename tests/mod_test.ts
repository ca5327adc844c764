import { assert, assertEquals } from "@std/assert";
import * as all from "../mod.ts";
import * as client from "../src/client_mod.ts";

Deno.test("the main door offers all that the client door offers", () => {
  for (const [name, value] of Object.entries(client)) {
    assertEquals((all as Record<string, unknown>)[name], value, name);
  }
  assert(Object.keys(client).includes("Dataset"));
});

Deno.test("the main door reads local files", async () => {
  const path = await Deno.makeTempFile({ suffix: ".txt" });
  try {
    await Deno.writeTextFile(path, "one\ntwo\n");
    assertEquals(await all.Dataset.textLines(path).toArray(), ["one", "two"]);
  } finally {
    await Deno.remove(path);
  }
});
