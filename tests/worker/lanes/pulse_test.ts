import { assertEquals } from "@std/assert";
import { Pulse } from "../../../src/worker/lanes/pulse.ts";

Deno.test("a beat resolves with its own echo, and every beat with the end", async () => {
  const sent: number[] = [];
  const resolved: string[] = [];
  const pulse = new Pulse((beat) => void sent.push(beat));
  const [first, second] = [pulse.beat(), pulse.beat()];
  first.then(() => resolved.push("first"));
  second.then(() => resolved.push("second"));
  assertEquals(sent, [1, 2]);
  pulse.echo(2);
  await second;
  assertEquals(resolved, ["second"]);
  pulse.end();
  await first;
  await pulse.beat();
  assertEquals([resolved, sent], [["second", "first"], [1, 2]]);
});
