import { assertEquals } from "@std/assert";
import { recordOf, StockService } from "./tensorflow/support/stock_service.ts";

const NODE = await new Deno.Command("node", { args: ["--version"] }).output()
  .then(({ stdout }) => Number(new TextDecoder().decode(stdout).match(/^v(\d+)/)?.[1] ?? 0), () => 0);

const { elements } = recordOf("nested_AUTO");

/** Runs a program in Node that reads the service through a door; gives what it prints. */
async function readInNode(door: string, address: string): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const bundle = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "-o",
        `${directory}/door.mjs`,
        new URL(`../src/${door}`, import.meta.url).pathname,
      ],
      stderr: "inherit",
    }).output();
    assertEquals(bundle.code, 0);
    await Deno.writeTextFile(
      `${directory}/reader.mjs`,
      `import { Dataset } from "./door.mjs";
      const dataset = Dataset.fromTfDataService({
        address: process.argv[2],
        datasetId: "data",
        processingMode: "parallel_epochs",
      });
      try {
        for await (const { id, pair, text, vec } of dataset) {
          console.log(JSON.stringify([String(id), pair, text, [...vec]]));
        }
      } catch (error) {
        console.log(error.name, error.message);
      }`,
    );
    const reader = await new Deno.Command("node", {
      args: [`${directory}/reader.mjs`, address],
      stderr: "inherit",
    }).output();
    return new TextDecoder().decode(reader.stdout);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  name:
    "Node reads a stock service through the door for TensorFlow (ignored where there is no Node 20 or later)",
  ignore: NODE < 20,
  async fn() {
    await using service = await StockService.start("nested_AUTO", [elements]);
    const printed = await readInNode("tensorflow_mod.ts", service.address);
    assertEquals(JSON.parse(printed), ["-5", [true, { a: 2.5, z: 1 }], "日æ", [0.5, -1]]);
    assertEquals(service.released, 1);
  },
});

Deno.test({
  name: "through the browser's door nobody can, and is told where it works",
  ignore: NODE < 20,
  async fn() {
    const printed = await readInNode("client_mod.ts", "localhost:1");
    assertEquals(printed.startsWith("FailedPreconditionError Cannot read a tf.data service here"), true);
  },
});
