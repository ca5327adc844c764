import { assertEquals } from "@std/assert";
import { Dataset, DispatchServer, distribute } from "../../mod.ts";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`a worker that hands its tasks back in vain says so, and a second ${signal} ends it at once`, async () => {
    await using dispatcher = await DispatchServer.start();
    const worker = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--quiet",
        new URL("../../scripts/worker.ts", import.meta.url).href,
        `--dispatcher-address=${dispatcher.address}`,
        "--isolation=none",
        // Longer than any test: the first signal alone would not end it.
        "--drain-timeout-ms=3600000",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const dataset = Dataset.range(1_000_000).apply(
      distribute({ processingMode: "distributed_epoch", service: dispatcher.target }),
    );
    const reader = dataset.reader();
    await reader.next(); // It has a task.
    const leaving = reader.return!();
    await dispatcher.stop();
    worker.kill(signal);
    let errors = "";
    for await (const text of worker.stderr.pipeThrough(new TextDecoderStream())) {
      errors += text;
      if (errors.includes("worker: finishing what it does; a second signal ends it at once")) break;
    }
    worker.kill(signal);
    const { code, signal: killed } = await worker.status;
    assertEquals([code, killed], [130, null], errors);
    await leaving;
  });
}
