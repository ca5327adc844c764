/**
 * Every call of both services with bodies that lie: it is answered, never with the server's own failure, and the
 * server serves the next one.
 */

import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DispatcherService } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { mountServices, PROTOCOL_VERSION, VERSION_HEADER } from "../../src/rpc/mod.ts";
import { Cluster } from "../dispatcher/cluster.ts";
import { hostile } from "./mutate.ts";

const RUNS = 150;

/** A body with something in every field that takes text or a number. */
function sampleOf(message: DescMessage): Uint8Array {
  const fields: Record<string, unknown> = {};
  for (const field of message.fields) {
    if (field.fieldKind !== "scalar") continue;
    const long = typeof field.getDefaultValue() === "bigint";
    fields[field.localName] = field.scalar === 9 /* string */
      ? "worker:1"
      : field.scalar === 12 /* bytes */
      ? new Uint8Array([1, 2, 3])
      : field.scalar === 8 /* bool */
      ? true
      : long
      ? 3000n
      : 7;
  }
  return toBinary(message, create(message, fields));
}

Deno.test("damaged requests are refused, whatever they ask for, and the dispatcher goes on", async (t) => {
  await using cluster = await Cluster.start();
  const handle = mountServices((router) => cluster.dispatcher.routes(router), {
    plain: cluster.dispatcher.plainMethods(),
  });
  for (const method of DispatcherService.methods) {
    await t.step(method.name, async () => {
      // A removal waits ten seconds for consumers by the dispatcher's clock, which stands still here.
      if (method.name === "MaybeRemoveTask") return;
      await fc.assert(
        fc.asyncProperty(hostile([sampleOf(method.input)]), async (body) => {
          const response = await handle(
            new Request(`http://dispatcher/${DispatcherService.typeName}/${method.name}`, {
              method: "POST",
              headers: { "content-type": "application/proto", [VERSION_HEADER]: String(PROTOCOL_VERSION) },
              body,
            }),
          );
          assert(response, "the path is known");
          const answer = await response.text();
          assert(response.status !== 500, answer);
        }),
        { numRuns: RUNS },
      );
      assertEquals((await cluster.client.getVersion({})).version, PROTOCOL_VERSION);
    });
  }
});
