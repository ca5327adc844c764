/** Sluice's datasets for TensorFlow's readers: its WorkerService on a Sluice worker. */
export type { ServedTasks } from "./served_tasks.ts";
export { type WorkerMethods, workerMethods, type WorkerMethodsOptions } from "./worker_methods.ts";
