/**
 * Proves the floors: a folder imports lower floors and itself, and only the packages that its floor may use; the
 * pure cores wait for nothing; the client door loads in any browser. Each finding names both files.
 */

import { stripComments } from "./strip_comments.ts";

const root = new URL("..", import.meta.url);

/** Folders of `src` by floor, and the packages that each may import. The longest matching folder counts. */
const FLOORS: readonly { floor: number; folder: string; packages?: readonly string[] }[] = [
  { floor: 0, folder: "base" },
  { floor: 1, folder: "gen", packages: ["@bufbuild/protobuf"] },
  { floor: 1, folder: "element", packages: ["snappyjs", "fzstd"] },
  { floor: 2, folder: "graph", packages: ["acorn"] },
  { floor: 2, folder: "sources", packages: ["csv-parse"] },
  { floor: 3, folder: "executor" },
  {
    floor: 4,
    folder: "rpc",
    packages: ["@connectrpc/connect", "@bufbuild/protobuf"],
  },
  { floor: 5, folder: "dispatcher", packages: ["@connectrpc/connect", "@bufbuild/protobuf"] },
  // node:timers has the one way to let the event loop turn that costs microseconds and no millisecond.
  // node:worker_threads alone lets a busy thread take the messages of its lanes.
  {
    floor: 5,
    folder: "worker",
    packages: ["@connectrpc/connect", "@bufbuild/protobuf", "node:timers", "node:worker_threads"],
  },
  { floor: 5, folder: "client", packages: ["@connectrpc/connect", "@bufbuild/protobuf"] },
  { floor: 6, folder: "dataset" },
  { floor: 6, folder: "observability" },
  { floor: 6, folder: "dashboard" },
  // gRPC proper needs trailers, which Deno.serve and fetch do not have, and node:http2 serves slowly. node:timers tells
  // when everybody has answered who could.
  {
    floor: 6,
    folder: "tensorflow",
    packages: ["@bufbuild/protobuf", "node:http2", "node:net", "node:timers"],
  },
  { floor: 6, folder: "platform", packages: ["node:", "acorn"] },
  { floor: 7, folder: "server" },
  { floor: 7, folder: "cli", packages: ["@std/cli", "deno-std"] },
];

/** Doors in `src` that stand above all floors. */
const DOORS = ["client_mod.ts", "tensorflow_mod.ts"];

/** What a pure core must not do, with the word that shows it. */
const IMPURE =
  /\b(await|async|Promise|Date|performance|setTimeout|setInterval|queueMicrotask|crypto|Deno|fetch)\b|Math\.random/;
const PURE_FOLDERS = ["dispatcher/core/", "worker/core/", "client/core/", "tensorflow/snapshots/core/"];

/** Time and chance are arguments: these files alone may take them from the runtime. */
const AMBIENT = /\bDate\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bperformance\.now\b/;
const AMBIENT_ALLOWED = [
  "base/clock.ts",
  "base/fake_clock.ts",
  "platform/",
  "worker/runners/yield_to_loop.ts", // Turns the real event loop, whatever clock there is.
  "graph/shipping/standard_globals.ts", // Names what user functions may use.
];

interface ModuleInfo {
  specifier: string;
  local?: string;
  error?: string;
  dependencies?: { specifier: string; code?: { specifier?: string }; type?: { specifier?: string } }[];
}

/** The module graph below an entry file, as `deno info` sees it. */
async function moduleGraph(entry: string): Promise<ModuleInfo[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", new URL("deno.json", root).pathname, entry],
  }).output();
  if (code !== 0) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

async function sourceFiles(directory: URL): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (entry.isDirectory) found.push(...await sourceFiles(new URL(`${entry.name}/`, directory)));
    else if (entry.name.endsWith(".ts")) found.push(new URL(entry.name, directory).href);
  }
  return found;
}

const src = new URL("src/", root).href;
const findings: string[] = [];
const floorOf = (path: string) => FLOORS.find(({ folder }) => path.startsWith(`${folder}/`));
const packageOf = (specifier: string) =>
  specifier.startsWith("node:")
    ? "node:"
    : specifier.replace(/^npm:\/?/, "").match(/^(@[^/]+\/[^/@]+|[^/@]+)/)![1];

/** Checks one import of `from`, a path below `src`. */
function checkImport(from: string, specifier: string, target: string): void {
  if (DOORS.includes(from)) return;
  const here = floorOf(from);
  if (!here) return void findings.push(`src/${from} lies on no floor`);
  if (target.startsWith(src)) {
    const to = target.slice(src.length);
    const there = floorOf(to);
    if (!there) return void findings.push(`src/${from} imports src/${to}, which lies on no floor`);
    if (here.folder === there.folder) return;
    if (there.floor >= here.floor) {
      findings.push(`src/${from} (floor ${here.floor}) imports src/${to} (floor ${there.floor})`);
    } else if (!to.endsWith("/mod.ts") && there.folder !== "gen") {
      findings.push(`src/${from} imports src/${to} past its door src/${there.folder}/mod.ts`);
    }
    return;
  }
  if (target.startsWith("file:") && !target.includes("/node_modules/")) {
    return void findings.push(
      `src/${from} imports ${target.slice(root.href.length)}, which is not published code`,
    );
  }
  const name = packageOf(specifier);
  if (!here.packages?.some((allowed) => allowed === name || allowed === specifier)) {
    findings.push(`src/${from} (floor ${here.floor}) imports ${specifier}`);
  }
}

/** Checks that the modules a browser, or Node with `allowed` of its modules, would load touch neither `Deno` nor `node:`. */
async function checkDoor(entry: string, allowed: readonly string[] = []): Promise<void> {
  const isStranger = (specifier: string) => specifier.startsWith("node:") && !allowed.includes(specifier);
  for (const module of await moduleGraph(new URL(entry, root).pathname)) {
    if (isStranger(module.specifier)) findings.push(`${entry} reaches ${module.specifier}`);
    if (!module.specifier.startsWith(src)) continue;
    const code = stripComments(await Deno.readTextFile(new URL(module.specifier)));
    const path = `src/${module.specifier.slice(src.length)}`;
    if (/\bDeno\s*(\.|\[|\?\.)/.test(code)) findings.push(`${entry} reaches ${path}, which touches Deno`);
    const modern = code.match(/\busing \w+ =|Promise\.withResolvers/);
    if (modern) {
      findings.push(`${entry} reaches ${path}, which uses "${modern[0]}": Node 20 has no such thing`);
    }
    for (const { specifier } of module.dependencies ?? []) {
      if (isStranger(specifier)) {
        findings.push(`${entry} reaches ${path}, which imports ${specifier}`);
      }
    }
  }
  if (allowed.length > 0) return;
  // deno info does not look into packages; what a bundler puts together for a browser shows their imports too.
  const bundle = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", new URL(entry, root).pathname],
  }).output();
  if (!bundle.success) {
    findings.push(
      `${entry} does not bundle for a browser: ${new TextDecoder().decode(bundle.stderr).trim()}`,
    );
  }
  const imported = new TextDecoder().decode(bundle.stdout).matchAll(
    /(?:from|import|require\()\s*["'](node:[^"']+)["']/g,
  );
  for (const [, specifier] of imported) findings.push(`${entry} reaches ${specifier} through a package`);
}

const everything = await sourceFiles(new URL(src));
const entry = await Deno.makeTempFile({ suffix: ".ts" });
try {
  await Deno.writeTextFile(entry, everything.map((href) => `import "${href}";\n`).join(""));
  for (const module of await moduleGraph(entry)) {
    if (module.error) findings.push(`${module.specifier}: ${module.error}`);
    if (!module.specifier.startsWith(src)) continue;
    const from = module.specifier.slice(src.length);
    for (const { specifier, code, type } of module.dependencies ?? []) {
      checkImport(from, specifier, code?.specifier ?? type?.specifier ?? specifier);
    }
  }
} finally {
  await Deno.remove(entry);
}

for (const href of everything) {
  const path = href.slice(src.length);
  const lines = stripComments(await Deno.readTextFile(new URL(href))).split("\n");
  lines.forEach((line, index) => {
    const impure = PURE_FOLDERS.some((folder) => path.startsWith(folder)) ? line.match(IMPURE) : null;
    if (impure) findings.push(`src/${path}:${index + 1} is in a pure core and uses ${impure[0]}`);
    const ambient = AMBIENT_ALLOWED.some((allowed) => path.startsWith(allowed)) ? null : line.match(AMBIENT);
    if (ambient) {
      findings.push(`src/${path}:${index + 1} uses ${ambient[0]} instead of a clock or random port`);
    }
  });
}
await checkDoor("src/client_mod.ts");
await checkDoor("src/tensorflow_mod.ts", ["node:http2", "node:net", "node:timers"]);

for (const finding of findings) console.error(finding);
console.log(`floors: ${everything.length} files, ${findings.length} findings`);
Deno.exit(findings.length > 0 ? 1 : 0);
