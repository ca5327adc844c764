import { assertEquals } from "@std/assert";
import { isWhole } from "./http_caller.ts";

Deno.test("An answer is whole when its stated length, or its last chunk, has come", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nvary: x\r\n\r\n";
  assertEquals(["HTTP/1.1 200", head, head + "ab", head + "abc"].map(isWhole), [false, false, false, true]);
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  assertEquals([chunked, chunked + "3\r\nabc\r\n", chunked + "3\r\nabc\r\n0\r\n\r\n"].map(isWhole), [
    false,
    false,
    true,
  ]);
});
