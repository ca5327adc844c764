/**
 * What a worker and a task's process tell each other: one JSON object a line, over the process's standard input and
 * output. Elements do not pass here. Each line from the process begins with a mark that only its own program knows,
 * so that whatever a user's function prints is told apart.
 */

import {
  DataLossError,
  errorFromCode,
  messageOf,
  SluiceError,
  type SluiceErrorCode,
} from "../../../base/mod.ts";
import type { TaskNotes } from "../../runners/task_notes.ts";
import type { TaskDefinition } from "../task_host.ts";

/** What a process is told before it knows its task. */
export interface ProcessSetup {
  /** Begins each of its lines. */
  readonly mark: string;
  /** Host name or address to listen on. */
  readonly hostname: string;
  /** Where to listen for readers on this host too; null: nowhere. */
  readonly socketPath: string | null;
  /** How it runs its task. */
  readonly settings: TaskSettings;
}

/** How a process runs its task. */
export interface TaskSettings {
  /** Threads of the task. */
  readonly lanes: number;
  /** Bytes that the sliding window of a cross-trainer cache may hold. */
  readonly crossTrainerCacheSizeBytes: number;
}

/** An error without its class. */
export interface SentError {
  readonly code: string;
  readonly message: string;
}

/** What the process may ask its worker for. */
export type Asked =
  /** The graph of its task, in base64. */
  | { readonly method: "graph" }
  /** Splits: a `GetSplitRequest` in protobuf's JSON, answered by a `GetSplitResponse`. */
  | { readonly method: "splits"; readonly request: unknown }
  /** Nothing, once the dispatcher knows that the task is completed. */
  | { readonly method: "told" };

/** To the process. */
export type ToProcess =
  /** The first line. */
  | { readonly kind: "setup"; readonly setup: ProcessSetup }
  /** Run this task. Comes again only after `rested`. */
  | { readonly kind: "begin"; readonly task: SentDefinition }
  /** End the task with this error, and wait for another one. Without effect where there is none. */
  | { readonly kind: "rest"; readonly error: SentError }
  /** This reader is lost, by its client id: its session is to end. Without effect where there is none. */
  | { readonly kind: "release"; readonly clientId: string }
  /** Answer with `pong`. */
  | { readonly kind: "ping"; readonly id: number }
  /** What was asked for. */
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  /** Why it cannot be had. */
  | { readonly kind: "refusal"; readonly id: number; readonly error: SentError }
  /** End the task with this error, and the process. */
  | { readonly kind: "stop"; readonly error: SentError };

/** From the process. */
export type FromProcess =
  /** It listens on this port. */
  | { readonly kind: "ready"; readonly port: number }
  /** It lives. `notes`: what there is to say of its task. */
  | { readonly kind: "pong"; readonly id: number; readonly notes?: TaskNotes }
  /** To be answered by `answer` or `refusal` with the same id. */
  | { readonly kind: "ask"; readonly id: number; readonly asked: Asked }
  /** This many clients have sessions with it. */
  | { readonly kind: "readers"; readonly count: number }
  /** The last block of the task is taken. `numDropped`: elements that did not make a full round of a coordinated read. */
  | { readonly kind: "completed"; readonly numDropped: number; readonly notes?: TaskNotes }
  /** Its task has ended, and nothing of it goes on: it can have another one. */
  | { readonly kind: "rested" }
  /** It is about to end as it should. */
  | { readonly kind: "leaving" };

/** A task's definition as JSON can hold it. */
export type SentDefinition = Omit<TaskDefinition, "taskId" | "iterationId"> & {
  readonly taskId: string;
  readonly iterationId: string;
};

/** A definition as it is sent. */
export function sendDefinition(definition: TaskDefinition): SentDefinition {
  return {
    ...definition,
    taskId: String(definition.taskId),
    iterationId: String(definition.iterationId),
  };
}

/** The definition that was sent. */
export function receiveDefinition(sent: SentDefinition): TaskDefinition {
  return { ...sent, taskId: BigInt(sent.taskId), iterationId: BigInt(sent.iterationId) };
}

/** An error as it is sent. */
export function sendError(thrown: unknown): SentError {
  return { code: thrown instanceof SluiceError ? thrown.code : "internal", message: messageOf(thrown) };
}

/** The error that was sent. */
export function receiveError({ code, message }: SentError): SluiceError {
  return errorFromCode(code as SluiceErrorCode, message);
}

/** A message as a line, without its end. */
export function encodeLine(message: ToProcess | FromProcess): string {
  return JSON.stringify(message);
}

/**
 * A message out of a line.
 *
 * @throws {DataLossError} if the line is none
 */
export function decodeLine<M extends ToProcess | FromProcess>(line: string): M {
  try {
    const message = JSON.parse(line);
    if (typeof message?.kind === "string") return message;
  } catch {
    // Said below.
  }
  throw new DataLossError(`Cannot read a message of a task's process: "${line.slice(0, 100)}"`);
}
