import { assertEquals, assertStringIncludes } from "@std/assert";
import { allowOrigins } from "../../src/rpc/cors.ts";

const answer = () => new Response("elements", { headers: { "content-type": "application/proto" } });
const URL = "http://localhost:5050/sluice.v1.DispatcherService/GetVersion";

function request(method: string, headers: Record<string, string>): Request {
  return new Request(URL, { method, headers });
}

Deno.test("a page of an allowed origin may ask and read", async () => {
  const handle = allowOrigins(["https://app.example"], answer);
  const asked = await handle(
    request("OPTIONS", { origin: "https://app.example", "access-control-request-method": "POST" }),
  );
  assertEquals([asked.status, asked.headers.get("access-control-allow-origin")], [
    204,
    "https://app.example",
  ]);
  assertStringIncludes(asked.headers.get("access-control-allow-methods")!, "POST");
  for (const header of ["content-type", "connect-protocol-version", "sluice-protocol-version"]) {
    assertStringIncludes(asked.headers.get("access-control-allow-headers")!.toLowerCase(), header);
  }
  const read = await handle(request("POST", { origin: "https://app.example" }));
  assertEquals([await read.text(), read.headers.get("access-control-allow-origin")], [
    "elements",
    "https://app.example",
  ]);
});

Deno.test("pages of other origins, and of any where none is allowed, get no word of consent", async () => {
  for (const origins of [["https://app.example"], []]) {
    const handle = allowOrigins(origins, answer);
    for (const method of ["OPTIONS", "POST"]) {
      const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
      assertEquals((await handle(request(method, headers))).headers.get("access-control-allow-origin"), null);
    }
  }
});

Deno.test("a star allows every origin, and programs that are no pages are answered as ever", async () => {
  const handle = allowOrigins(["*"], answer);
  const page = await handle(request("POST", { origin: "http://localhost:8000" }));
  assertEquals(page.headers.get("access-control-allow-origin"), "http://localhost:8000");
  const program = await handle(request("POST", {}));
  assertEquals([await program.text(), program.headers.get("access-control-allow-origin")], [
    "elements",
    null,
  ]);
});
