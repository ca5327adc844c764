import type { ConnectRouter } from "@connectrpc/connect";
import { InvalidArgumentError } from "../../base/mod.ts";
import { encodeValue } from "../../element/mod.ts";
import { InspectionService } from "../../gen/sluice/v1/inspection_pb.ts";
import { graphBytes } from "../received_task.ts";
import type { SpecProbe } from "./spec_probe.ts";

/** Registers InspectionService. */
export function inspectionRoutes(router: ConnectRouter, probe: SpecProbe): void {
  router.service(InspectionService, {
    async getElementSpec({ dataset }, { signal }) {
      if (!dataset) throw new InvalidArgumentError("Cannot inspect a dataset: the request has none");
      return { elementSpec: encodeValue(await probe.specOf(graphBytes(dataset), signal)) };
    },
  });
}
