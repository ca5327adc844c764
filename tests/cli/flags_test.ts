import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Fields, InvalidArgumentError } from "../../src/base/mod.ts";
import { flagName, parseFlags, variableName } from "../../src/cli/flags.ts";
import { helpText } from "../../src/cli/help.ts";

const FIELDS: Fields = {
  dispatcherAddress: { kind: "string", required: true, help: "The dispatcher" },
  jobGcTimeoutMs: { kind: "integer", min: 0, also: -1, default: 300_000, help: "How long" },
  faultTolerantMode: { kind: "boolean", default: false, help: "Keep state" },
  workerTags: { kind: "strings", default: [], help: "Labels" },
  isolation: { kind: "choice", choices: ["none", "process"], default: "process", help: "Where tasks run" },
  permissions: { kind: "grants", prefix: "allow", names: ["read", "net"], help: "What tasks may do" },
};
const ADDRESS = ["--dispatcher-address", "localhost:1"];

function parse(args: string[], environment: Record<string, string> = {}): Record<string, unknown> {
  return parseFlags(args, FIELDS, (name) => environment[name]).config;
}

Deno.test("names of fields become flags and environment variables", () => {
  assertEquals(flagName("jobGcTimeoutMs"), "job-gc-timeout-ms");
  assertEquals(variableName("jobGcTimeoutMs"), "SLUICE_JOB_GC_TIMEOUT_MS");
});

Deno.test("flags of every kind are read, in both spellings", () => {
  assertEquals(
    parse([
      "--dispatcher-address=localhost:1",
      "--job-gc-timeout-ms",
      "-1",
      "--fault-tolerant-mode",
      "--worker-tags",
      "a,b",
      "--worker-tags=c",
      "--isolation",
      "none",
    ]),
    {
      dispatcherAddress: "localhost:1",
      jobGcTimeoutMs: -1,
      faultTolerantMode: true,
      workerTags: ["a", "b", "c"],
      isolation: "none",
    },
  );
  assertEquals(parse([...ADDRESS, "--no-fault-tolerant-mode"]).faultTolerantMode, false);
  assertEquals(parse([...ADDRESS, "--fault-tolerant-mode=false"]).faultTolerantMode, false);
});

Deno.test("what is not given stays out, for the server's own defaults", () => {
  assertEquals(parse(ADDRESS), { dispatcherAddress: "localhost:1" });
});

Deno.test("environment variables stand in for flags, and flags go before them", () => {
  const environment = {
    SLUICE_DISPATCHER_ADDRESS: "host:2",
    SLUICE_JOB_GC_TIMEOUT_MS: "7",
    SLUICE_FAULT_TOLERANT_MODE: "1",
    SLUICE_WORKER_TAGS: "x, y",
  };
  const read = {
    dispatcherAddress: "host:2",
    jobGcTimeoutMs: 7,
    faultTolerantMode: true,
    workerTags: ["x", "y"],
  };
  assertEquals(parse([], environment), read);
  assertEquals(parse(["--job-gc-timeout-ms=8", "--no-fault-tolerant-mode"], environment), {
    ...read,
    jobGcTimeoutMs: 8,
    faultTolerantMode: false,
  });
});

Deno.test("what is wrong is refused by name", () => {
  const refused: [string[], string][] = [
    [[], "--dispatcher-address (or SLUICE_DISPATCHER_ADDRESS) must be given"],
    [[...ADDRESS, "--prot", "1"], "--prot is not known"],
    [[...ADDRESS, "stray"], '"stray" is no flag'],
    [
      [...ADDRESS, "--job-gc-timeout-ms", "soon"],
      '--job-gc-timeout-ms must be a whole number >= 0 or -1, got "soon"',
    ],
    [
      [...ADDRESS, "--job-gc-timeout-ms", "-2"],
      '--job-gc-timeout-ms must be a whole number >= 0 or -1, got "-2"',
    ],
    [[...ADDRESS, "--job-gc-timeout-ms"], "--job-gc-timeout-ms needs a value"],
    [[...ADDRESS, "--job-gc-timeout-ms="], "--job-gc-timeout-ms needs a value"],
    [
      [...ADDRESS, "--job-gc-timeout-ms=1", "--job-gc-timeout-ms=2"],
      "--job-gc-timeout-ms is given more than once",
    ],
    [[...ADDRESS, "--isolation", "jail"], '--isolation must be one of none, process, got "jail"'],
    [[...ADDRESS, "--fault-tolerant-mode=maybe"], "--fault-tolerant-mode takes no value but true and false"],
    [["--dispatcher-address", "--json"], "--dispatcher-address needs a value"],
  ];
  for (const [args, message] of refused) assertThrows(() => parse(args), InvalidArgumentError, message);
  assertThrows(
    () => parse(ADDRESS, { SLUICE_JOB_GC_TIMEOUT_MS: "x" }),
    InvalidArgumentError,
    'SLUICE_JOB_GC_TIMEOUT_MS must be a whole number >= 0 or -1, got "x"',
  );
});

Deno.test("--help and --json need nothing else", () => {
  assertEquals(parseFlags(["--help"], FIELDS, () => undefined).help, true);
  assertEquals(parseFlags(["-h"], FIELDS, () => undefined).help, true);
  assertEquals(parseFlags([...ADDRESS, "--json"], FIELDS, () => undefined).json, true);
});

Deno.test("the help names every flag with its default", () => {
  const help = helpText("worker", "Runs pipelines.", FIELDS);
  assertStringIncludes(help, "Usage: deno task worker [flags]");
  assertStringIncludes(help, "--dispatcher-address TEXT");
  assertStringIncludes(help, "The dispatcher (required)");
  assertStringIncludes(help, "How long (default 300000)");
  assertStringIncludes(help, "--[no-]fault-tolerant-mode");
  assertStringIncludes(help, "--isolation none|process");
});

Deno.test("grants are flags of their own, with or without a list, and may be given several times", () => {
  const granted = (...args: string[]) => parse([...ADDRESS, ...args]).permissions;
  assertEquals(granted(), undefined);
  assertEquals(granted("--allow-read"), { read: true });
  assertEquals(granted("--allow-read=/data,/more", "--allow-read=/third", "--no-allow-net"), {
    read: ["/data", "/more", "/third"],
    net: false,
  });
  assertEquals(granted("--allow-read=/data", "--allow-read"), { read: true });
  for (
    const [args, message] of [
      [["--allow-read="], '--allow-read= needs a value, or no "="'],
      [["--allow-read", "/data"], '"/data" is no flag'],
      [["--allow-write"], "--allow-write is not known"],
    ] as const
  ) {
    assertThrows(() => granted(...args), InvalidArgumentError, message);
  }
});

Deno.test("grants have variables of their own, and flags go before them", () => {
  const environment = { SLUICE_ALLOW_READ: "/data", SLUICE_ALLOW_NET: "true" };
  assertEquals(parse(ADDRESS, environment).permissions, { read: ["/data"], net: true });
  assertEquals(parse([...ADDRESS, "--no-allow-net"], environment).permissions, {
    read: ["/data"],
    net: false,
  });
});

Deno.test("help shows a row for each grant", () => {
  const help = helpText("worker", "Runs", FIELDS);
  assertStringIncludes(help, "--allow-read[=A,B]");
  assertStringIncludes(help, "What tasks may do");
  assertStringIncludes(help, "--allow-net[=A,B]");
});
