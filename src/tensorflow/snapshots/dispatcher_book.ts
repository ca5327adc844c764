import { keepSnapshot, type ServiceParts } from "../../dispatcher/mod.ts";
import type { SnapshotBook } from "./snapshots.ts";

/** The list of snapshots in a dispatcher's journal. */
export function dispatcherBook({ state, run }: Pick<ServiceParts, "state" | "run">): SnapshotBook {
  return {
    get begun() {
      return state.snapshots.begun;
    },
    get ended() {
      return state.snapshots.ended;
    },
    begin: (path) => keep("beginSnapshot", path),
    end: (path) => keep("endSnapshot", path),
    forget: (path) => keep("forgetSnapshot", path),
  };

  async function keep(type: "beginSnapshot" | "endSnapshot" | "forgetSnapshot", path: string): Promise<void> {
    await run(keepSnapshot, { type, path });
  }
}
