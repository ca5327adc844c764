import { assertEquals, assertRejects } from "@std/assert";
import { Processes, processTree } from "./processes.ts";

const script = (code: string) => ({ args: ["eval", code] });

/** A program that starts another one, says its id, and would run for ever. */
const PARENT = `
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "setInterval(() => {}, 1000)"] }).spawn();
  console.log(child.pid);
  setInterval(() => {}, 1000);
`;

Deno.test("Processes end with their scope, and what they started ends too", async () => {
  let pids: number[];
  {
    await using processes = new Processes(new AbortController().signal);
    const parent = processes.start("parent", script(PARENT));
    pids = [parent.pid, Number(await parent.line())];
    assertEquals(pids.map((pid) => processTree(pid).length > 0), [true, true]);
  }
  assertEquals(pids.flatMap(processTree), []);
});

Deno.test("An abort kills processes at once, and whoever waits for a line is told", async () => {
  const controller = new AbortController();
  await using processes = new Processes(controller.signal);
  const parent = processes.start("parent", script(PARENT));
  await parent.line();
  const waiting = parent.line();
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "The parent ended with SIGKILL");
  await assertRejects(async () => void await processes.start("late", script("")), Error, "enough");
});

Deno.test("A process that fails is reported with what it said last", async () => {
  await using processes = new Processes(new AbortController().signal);
  const child = processes.start("child", script('console.error("no such thing"); Deno.exit(3)'));
  await assertRejects(() => child.line(), Error, "The child ended with status 3: no such thing");
});

Deno.test("Lines go both ways", async () => {
  await using processes = new Processes(new AbortController().signal);
  const child = processes.start(
    "echo",
    script("for await (const c of Deno.stdin.readable) await Deno.stdout.write(c)"),
  );
  await child.write("one");
  assertEquals(await child.line(), "one");
  await child.write("two");
  assertEquals(await child.line(), "two");
});
