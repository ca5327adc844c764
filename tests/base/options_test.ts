import { assertEquals, assertThrows } from "@std/assert";
import {
  checkInteger,
  checkKeys,
  checkOneOf,
  checkString,
  completeConfig,
  type Fields,
  InvalidArgumentError,
  show,
} from "../../src/base/mod.ts";

Deno.test("checkInteger names the option, the rule and the value", () => {
  assertEquals(checkInteger("size", 3, { min: 1 }), 3);
  const cases: [unknown, string][] = [
    [0, "`size` must be a whole number >= 1, got 0"],
    [1.5, "`size` must be a whole number >= 1, got 1.5"],
    ["3", '`size` must be a whole number >= 1, got "3"'],
    [NaN, "`size` must be a whole number >= 1, got NaN"],
    [undefined, "`size` must be a whole number >= 1, got undefined"],
    [2 ** 53, "`size` must be a whole number >= 1, got 9007199254740992"],
  ];
  for (const [value, message] of cases) {
    const error = assertThrows(() => checkInteger("size", value, { min: 1 }), InvalidArgumentError);
    assertEquals(error.message, message);
  }
  assertThrows(
    () => checkInteger("port", 70_000, { min: 0, max: 65_535 }),
    InvalidArgumentError,
    "from 0 to 65535",
  );
});

Deno.test("checkString tells an empty string from another type", () => {
  assertThrows(() => checkString("service", 1), InvalidArgumentError, "`service` must be a string, got 1");
  assertThrows(() => checkString("service", ""), InvalidArgumentError, "`service` must not be empty");
});

Deno.test("checkOneOf lists the choices", () => {
  assertThrows(
    () => checkOneOf("mode", "c", ["a", "b"]),
    InvalidArgumentError,
    '`mode` must be one of "a", "b", got "c"',
  );
});

Deno.test("checkKeys refuses a key that is not known", () => {
  checkKeys("options", undefined, []);
  assertThrows(
    () => checkKeys("options", { sede: 1 }, ["seed"]),
    InvalidArgumentError,
    'no option "sede": it knows seed',
  );
  assertThrows(
    () => checkKeys("options", 4, ["seed"]),
    InvalidArgumentError,
    "`options` must be an object, got 4",
  );
});

Deno.test("show cuts long strings and names kinds", () => {
  assertEquals(show("x".repeat(100)), JSON.stringify("x".repeat(77) + "..."));
  assertEquals(show([1, 2]), "an array of 2");
  assertEquals(show(new Map()), "a Map");
  assertEquals(show(7n), "7n");
});

const FIELDS: Fields = {
  port: { kind: "integer", min: 0, max: 10, default: 5, help: "" },
  timeoutMs: { kind: "integer", min: 0, also: -1, default: 1, help: "" },
  name: { kind: "string", required: true, help: "" },
  tags: { kind: "strings", default: [], help: "" },
};

Deno.test("completeConfig fills in defaults and keeps what is given", () => {
  assertEquals(completeConfig("config", FIELDS, { name: "a", timeoutMs: -1, tags: ["x"] }), {
    port: 5,
    timeoutMs: -1,
    name: "a",
    tags: ["x"],
  });
});

Deno.test("completeConfig refuses unknown, missing and wrong fields by name", () => {
  assertThrows(
    () => completeConfig("config", FIELDS, { name: "a", prot: 1 }),
    InvalidArgumentError,
    'no option "prot"',
  );
  assertThrows(() => completeConfig("config", FIELDS, {}), InvalidArgumentError, "`name` must be given");
  assertThrows(
    () => completeConfig("config", FIELDS, { name: "a", port: 11 }),
    InvalidArgumentError,
    "`port` must be",
  );
  assertThrows(
    () => completeConfig("config", FIELDS, { name: "a", timeoutMs: -2 }),
    InvalidArgumentError,
    "`timeoutMs`",
  );
  assertThrows(
    () => completeConfig("config", FIELDS, { name: "a", tags: [1] }),
    InvalidArgumentError,
    "array of strings",
  );
});

Deno.test("completeConfig takes grants that are booleans or lists, and copies them", () => {
  const fields: Fields = {
    permissions: { kind: "grants", prefix: "allow", names: ["read", "net"], help: "" },
  };
  const read = ["/data"];
  const { permissions } = completeConfig("config", fields, { permissions: { read, net: undefined } });
  assertEquals(permissions, { read: ["/data"] });
  read.push("/more");
  assertEquals(permissions, { read: ["/data"] });
  assertThrows(
    () => completeConfig("config", fields, { permissions: { read: "/data" } }),
    InvalidArgumentError,
    '`permissions.read` must be a boolean or an array of strings, got "/data"',
  );
  assertThrows(
    () => completeConfig("config", fields, { permissions: { write: true } }),
    InvalidArgumentError,
    "write",
  );
});
