import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compressionName } from "../../../src/dispatcher/core/compression_name.ts";
import { createRecent, MAX_RECENT_REQUESTS, recall, remember } from "../../../src/dispatcher/core/recent.ts";
import {
  addRepetition,
  hasRepetition,
  MAX_RANGES,
  type Repetitions,
} from "../../../src/dispatcher/core/repetitions.ts";
import { Compression } from "../../../src/gen/sluice/v1/dataset_pb.ts";
import { matchesPlace } from "../../../src/dispatcher/core/worker_slots.ts";

Deno.test("a set of repetitions is a set, in as few ranges as can be", () => {
  fc.assert(fc.property(fc.array(fc.nat(30)), (numbers) => {
    const set: Repetitions = [];
    for (const number of numbers) addRepetition(set, number);
    const members = new Set(numbers);
    for (let i = -1; i < 33; i++) assertEquals(hasRepetition(set, i), members.has(i));
    for (let i = 1; i < set.length; i++) assertEquals(set[i][0] > set[i - 1][1] + 1, true);
  }));
});

Deno.test("a set of repetitions with very many gaps closes the oldest", () => {
  const set: Repetitions = [];
  for (let i = 0; i <= 2 * MAX_RANGES; i += 2) addRepetition(set, i);
  assertEquals(set.length, MAX_RANGES);
  assertEquals([set[0], set[1]], [[0, 2], [4, 4]]);
  assertEquals([hasRepetition(set, 1), hasRepetition(set, 3)], [true, false]);
});

Deno.test("recent requests are bounded, and the oldest go first", () => {
  const recent = createRecent<number>();
  for (let i = 0; i <= MAX_RECENT_REQUESTS; i++) remember(recent, `r${i}`, i);
  remember(recent, null, -1);
  assertEquals(recall(recent, null), undefined);
  const half = MAX_RECENT_REQUESTS / 2;
  assertEquals([recent.newer.size, recent.older.size], [1, half]);
  const expected = [undefined, half, MAX_RECENT_REQUESTS];
  assertEquals([half - 1, half, MAX_RECENT_REQUESTS].map((i) => recall(recent, `r${i}`)), expected);
});

Deno.test("a place in the list of workers takes the addresses that are meant", () => {
  const cases: [place: string, address: string, matches: boolean][] = [
    ["host:1", "host:1", true],
    ["host:1", "host:2", false],
    ["host", "host:2", true],
    ["host", "other:2", false],
    ["host:%port%", "host:2", true],
    ["host:%port_worker%", "host:2", true],
    ["host:%other%", "host:2", false],
    ["grpc://host", "host:2", true],
    ["http://host:%port%", "http://host:2", true],
    ["HOST", "host:2", true],
    ["[::1]:%port%", "[::1]:2", true],
    ["[::1]", "[::1]:2", true],
    ["[::1]", "[::2]:2", false],
    ["/worker/task/0:worker", "/worker/task/0:worker:5", true],
    ["host.com", "xhost.com:2", false],
  ];
  for (const [place, address, matches] of cases) {
    assertEquals(matchesPlace(place, address), matches, `${place} ${address}`);
  }
});

Deno.test("compressions have the protocol's names", () => {
  assertEquals(compressionName(Compression.AUTO_UNSPECIFIED), "AUTO");
  for (const name of ["NONE", "SNAPPY", "ZSTD", "GZIP"] as const) {
    assertEquals(compressionName(Compression[name]), name);
  }
  assertEquals(compressionName(99), "99");
});
