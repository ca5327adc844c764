/** Generates `src/gen` from `proto/`; with `--check`, only says whether what is there is what would be generated. */

const root = new URL("..", import.meta.url).pathname;

/** Runs a program of `node_modules/.bin`, where `deno install` puts them. */
async function run(program: string, args: string[]): Promise<void> {
  const path = `${root}node_modules/.bin:${Deno.env.get("PATH")}`;
  const { code } = await new Deno.Command(program, { args, cwd: root, env: { PATH: path } }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

/** The files of a directory by name, with their text. */
async function files(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) {
      (await files(path)).forEach((text, name) => found.set(`${entry.name}/${name}`, text));
    } else found.set(entry.name, await Deno.readTextFile(path));
  }
  return found;
}

await run(Deno.execPath(), ["install", "--quiet", "--frozen"]);
if (!Deno.args.includes("--check")) {
  await run("buf", ["generate", "proto"]);
} else {
  await run("buf", ["lint", "proto"]);
  await run("buf", ["format", "--diff", "--exit-code", "proto"]);
  const fresh = await Deno.makeTempDir();
  try {
    await run("buf", ["generate", "proto", "--output", fresh]);
    const expected = await files(`${fresh}/src/gen`);
    const actual = await files(`${root}src/gen`);
    const names = new Set([...expected.keys(), ...actual.keys()]);
    const different = [...names].filter((name) => expected.get(name) !== actual.get(name));
    if (different.length > 0) {
      console.error(`src/gen is not what proto/ generates: ${different.join(", ")}; run \`deno task gen\``);
      Deno.exit(1);
    }
  } finally {
    await Deno.remove(fresh, { recursive: true });
  }
}
