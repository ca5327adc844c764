import { assertEquals } from "@std/assert";
import { runScenario } from "./scenario_runner.ts";

// `deno test --allow-all tests/dispatcher/scenarios_test.ts -- --update` writes the outcomes into the files.
const update = Deno.args.includes("--update");
const folder = new URL("./scenarios/", import.meta.url);

for (const name of [...Deno.readDirSync(folder)].map((entry) => entry.name).sort()) {
  Deno.test(`scenario ${name}`, () => {
    const file = new URL(name, folder);
    const text = Deno.readTextFileSync(file);
    const outcome = runScenario(text);
    if (update) Deno.writeTextFileSync(file, outcome);
    else assertEquals(outcome, text);
  });
}
