/** Saved datasets: the dispatcher's side of `distributed_save`. */
export { dispatcherBook } from "./dispatcher_book.ts";
export { snapshotMethods, type SnapshotParts, snapshotTasks } from "./methods.ts";
export { rootOf } from "./root_of.ts";
export { type SnapshotBook, Snapshots, type SnapshotsOptions } from "./snapshots.ts";
export { sourcesOfGraph } from "./sources_of_graph.ts";
export type { SplitSource } from "./split_source.ts";
