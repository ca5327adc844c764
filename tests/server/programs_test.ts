import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Dataset, distribute } from "../../mod.ts";
import { runProgram, startProgram } from "../support/programs.ts";

Deno.test("three processes: a dispatcher, a worker and this reader", async () => {
  await using dispatcher = await startProgram("dispatcher.ts", ["--port", "0"]);
  const target = dispatcher.firstLine.match(/http:\/\/localhost:\d+/)?.[0];
  assert(target, dispatcher.firstLine);
  const address = target.slice("http://".length);
  await using worker = await startProgram("worker.ts", ["--dispatcher-address", address]);
  assertMatch(worker.firstLine, /^Sluice worker serving at localhost:\d+/);

  const squares = Dataset.range(1000).map((x) => x * x).apply(
    distribute({ processingMode: "distributed_epoch", service: target }),
  );
  assertEquals(await squares.toArray(), Array.from({ length: 1000 }, (_, x) => x * x));

  worker.kill("SIGTERM");
  assertEquals((await worker.status).code, 0);
  dispatcher.kill("SIGINT");
  assertEquals((await dispatcher.status).code, 0);
});

Deno.test("--json says target and address, and environment variables set fields", async () => {
  await using dispatcher = await startProgram("dispatcher.ts", ["--json"], { SLUICE_PORT: "0" });
  const { target, address } = JSON.parse(dispatcher.firstLine);
  assertEquals(target, `http://${address}`);
  await using worker = await startProgram("worker.ts", ["--json"], { SLUICE_DISPATCHER_ADDRESS: target });
  assertMatch(JSON.parse(worker.firstLine).address, /^localhost:\d+$/);
});

Deno.test("--help lists every flag", async () => {
  const dispatcher = await runProgram("dispatcher.ts", ["--help"]);
  assertEquals([dispatcher.code, dispatcher.stderr], [0, ""]);
  for (
    const flag of ["--port", "--work-dir", "--[no-]fault-tolerant-mode", "--job-gc-timeout-ms", "--json"]
  ) {
    assertStringIncludes(dispatcher.stdout, flag);
  }
  const worker = await runProgram("worker.ts", ["-h"]);
  assertEquals(worker.code, 0);
  for (const flag of ["--dispatcher-address", "--worker-tags", "--heartbeat-interval-ms"]) {
    assertStringIncludes(worker.stdout, flag);
  }
});

Deno.test("wrong flags end with status 2 and the flag's name", async () => {
  const cases: [string, string[], string][] = [
    ["dispatcher.ts", ["--prot", "1"], "--prot"],
    ["dispatcher.ts", ["--port", "many"], "--port"],
    [
      "dispatcher.ts",
      ["--fault-tolerant-mode"],
      "Cannot enable fault tolerant mode without configuring a work dir",
    ],
    ["worker.ts", [], "--dispatcher-address"],
    ["worker.ts", ["--dispatcher-address", "ftp://x:1"], "ftp"],
    ["worker.ts", ["--dispatcher-address", "localhost:1", "--worker-tags", ""], "--worker-tags"],
  ];
  for (const [script, args, name] of cases) {
    const { code, stdout, stderr } = await runProgram(script, args);
    assertEquals([code, stdout], [2, ""], `${script} ${args.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, name);
  }
});

Deno.test("a port in use ends with status 1 and the port", async () => {
  await using first = await startProgram("dispatcher.ts", ["--json"]);
  const port = JSON.parse(first.firstLine).address.split(":")[1];
  const { code, stderr } = await runProgram("dispatcher.ts", ["--port", port]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, `Cannot listen on 127.0.0.1:${port}: the port is in use`);
});

Deno.test("a worker that still waits for its dispatcher ends cleanly on SIGTERM", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "scripts/worker.ts", "--dispatcher-address", address],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  (await listener.accept()).close(); // Its first call has come: signals are listened for by now.
  listener.close();
  child.kill("SIGTERM");
  const { code, stdout } = await child.output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, ""]);
});
