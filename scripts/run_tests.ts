/** Runs every test, docstring example and README snippet, and closes with the plain line `N passed, N failed`. */

/** Without a result for so long, a test is waiting for something that will not come. The longest takes a few minutes. */
const STALL_MS = 15 * 60_000;

const command = new Deno.Command(Deno.execPath(), {
  args: ["test", "--allow-all", "--doc", "--parallel", "--quiet", "--no-prompt", ...Deno.args],
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
  env: { NO_COLOR: "1" },
});
const child = command.spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => child.kill(signal));
}

const stopStalled = () => {
  console.error(
    `No test has ended for ${STALL_MS / 60_000} minutes: stopping; the last ones named above are hanging`,
  );
  child.kill("SIGKILL");
};
let stall = setTimeout(stopStalled, STALL_MS);

let passed = 0;
let failed = 0;
let closed = false;
let line = "";
for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
  await Deno.stdout.write(new TextEncoder().encode(text));
  const lines = (line + text).split("\n");
  line = lines.pop()!;
  for (const each of lines) {
    if (!each.includes("has been running for over")) {
      clearTimeout(stall);
      stall = setTimeout(stopStalled, STALL_MS);
    }
    const closing = each.match(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/);
    if (!closing) continue;
    closed = true;
    passed += Number(closing[1]);
    failed += Number(closing[2]);
  }
}
const { code } = await child.status;
clearTimeout(stall);
// A runner that ended without its closing line, or with a failure outside any test, must not look green.
if (code !== 0 && failed === 0) failed = 1;
if (!closed || passed === 0) failed = Math.max(failed, 1);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);
