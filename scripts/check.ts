/** The gate: every check in turn, ending with the first that fails and its name. */

const SOURCES = ["mod.ts", "src", "scripts", "tests"];

/** Each check, by the name that a failure is reported under. */
const CHECKS: readonly { name: string; args: string[] }[] = [
  { name: "tests", args: ["task", "--quiet", "test"] },
  // More seeds than a run of the tests, by which people work: a minute or two on two cores.
  { name: "simulation", args: ["task", "--quiet", "simulate", "--runs", "2000"] },
  { name: "format", args: ["fmt", "--check", "--quiet"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", "--quiet", ...SOURCES] },
  { name: "floors", args: ["run", "--allow-all", "scripts/check_floors.ts"] },
  { name: "generated code", args: ["run", "--allow-all", "scripts/gen.ts", "--check"] },
  {
    name: "docs",
    args: [
      "doc",
      "--quiet",
      "--lint",
      "mod.ts",
      "src/client_mod.ts",
      "src/tensorflow_mod.ts",
      "src/server/mod.ts",
    ],
  },
  { name: "publish dry run", args: ["publish", "--quiet", "--dry-run", "--allow-dirty"] },
];

let child: Deno.ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    child?.kill(signal);
    Deno.exit(130);
  });
}

for (const { name, args } of CHECKS) {
  const started = performance.now();
  console.log(`== ${name}`);
  child = new Deno.Command(Deno.execPath(), { args, cwd: new URL("..", import.meta.url), stdin: "null" })
    .spawn();
  const { code } = await child.status;
  if (code !== 0) {
    console.error(`== ${name}: failed`);
    Deno.exit(1);
  }
  console.log(`== ${name}: ok (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
