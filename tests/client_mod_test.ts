import { assertEquals } from "@std/assert";
import { startCluster } from "./support/cluster.ts";

const NODE = await new Deno.Command("node", { args: ["--version"] }).output()
  .then(({ stdout }) => Number(new TextDecoder().decode(stdout).match(/^v(\d+)/)?.[1] ?? 0), () => 0);

Deno.test({
  name: "Node reads from a service through the client's door (ignored where there is no Node 20 or later)",
  ignore: NODE < 20,
  async fn() {
    await using cluster = await startCluster({ workers: 2 });
    const directory = await Deno.makeTempDir();
    try {
      const door = new URL("../src/client_mod.ts", import.meta.url).pathname;
      const bundle = await new Deno.Command(Deno.execPath(), {
        args: ["bundle", "--quiet", "--platform", "browser", "-o", `${directory}/client.mjs`, door],
        stderr: "inherit",
      }).output();
      assertEquals(bundle.code, 0);
      await Deno.writeTextFile(
        `${directory}/reader.mjs`,
        `import { Dataset, distribute } from "./client.mjs";
        const dataset = Dataset.range(100).map((x) => ({ x, half: new Float32Array([x / 2]) })).apply(
          distribute({ processingMode: "distributed_epoch", service: process.argv[2] }),
        );
        const sums = [];
        for await (const { x, half } of dataset) sums.push(x + half[0]);
        console.log(JSON.stringify(sums.sort((a, b) => a - b)));`,
      );
      const reader = await new Deno.Command("node", {
        args: [`${directory}/reader.mjs`, cluster.service],
        stderr: "inherit",
      }).output();
      assertEquals(
        JSON.parse(new TextDecoder().decode(reader.stdout)),
        Array.from({ length: 100 }, (_, x) => x * 1.5),
      );
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
