import { assert, assertEquals } from "@std/assert";

Deno.test("every conformance case of the table has its test, or a reason for having none", async () => {
  const folder = new URL(".", import.meta.url);
  const table = await Deno.readTextFile(new URL("CASES.md", folder));
  let tests = "";
  let count = 0;
  for (const line of table.split("\n")) {
    const section = /^## (\S+) in `(.+)`$/.exec(line);
    if (section) tests = await Deno.readTextFile(new URL(section[2], folder));
    const row = /^\| (\d+\.\d+-\d+)\s*\| \w+\s*\| (.*?)\s*\|$/.exec(line);
    if (!row) continue;
    count++;
    const [, id, cell] = row;
    const named = /^`([\d.-]+)`/.exec(cell);
    if (!named) assert(cell.length > 10, `${id} has neither a test nor a reason`);
    else {
      assertEquals(named[1], id);
      const [part, number] = id.split("-");
      // Some titles are put together from a section and what a loop goes over.
      const isThere = new RegExp(`${id.replace(".", "\\.")}\\b`).test(tests) ||
        (tests.includes(`${part}-\${title}`) && tests.includes(`"${number} test`));
      assert(isThere, `no test is titled ${id}`);
    }
  }
  assert(count > 130, `only ${count} cases`);
});
