import { FakeClock, type Log, type LogFields, SeededRandom } from "../../src/base/mod.ts";
import type { Element } from "../../src/element/mod.ts";
import { DONE, type ElementIterator, type ExecutionContext, type Pulled } from "../../src/executor/mod.ts";
import { execute } from "../../src/executor/mod.ts";
import {
  checkNode,
  createFunctionRuntime,
  type FunctionRef,
  GRAPH,
  type GraphNode,
  inlineFunction,
  type UserFunction,
} from "../../src/graph/mod.ts";
import { memoryFileSystem } from "../../src/sources/mod.ts";

/** A log that keeps its lines. */
export class MemoryLog implements Log {
  readonly lines: { level: "info" | "warn"; message: string; fields?: LogFields }[] = [];

  info(message: string, fields?: LogFields): void {
    this.lines.push({ level: "info", message, fields });
  }

  warn(message: string, fields?: LogFields): void {
    this.lines.push({ level: "warn", message, fields });
  }
}

/** A context for tests; nothing in it touches the outside. */
export function testContext(changes: Partial<ExecutionContext> = {}): ExecutionContext {
  return {
    signal: new AbortController().signal,
    clock: new FakeClock(),
    random: new SeededRandom(4),
    log: new MemoryLog(),
    files: memoryFileSystem({}),
    functions: createFunctionRuntime(),
    Dataset: { fromArray: (items) => ({ [GRAPH]: fromArray(items) }) },
    dataService: () => {
      throw new Error("Cannot read from a service: this test has none");
    },
    epoch: 0,
    ...changes,
  };
}

/** A dataset object as user functions give it. */
export function datasetOf(root: GraphNode): object {
  return { [GRAPH]: root };
}

/** An inline function that need not be self-contained. */
export function fn(live: UserFunction, captures: Element = null): FunctionRef {
  return { ...inlineFunction(() => {}), captures, live };
}

/** Numbers from 0 to `stop`. */
export function range(stop: number): GraphNode {
  return checkNode({ op: "range", inputs: [], start: 0, stop, step: 1 });
}

/** One element per item. */
export function fromArray(items: readonly Element[]): GraphNode {
  return checkNode({ op: "fromArray", inputs: [], items });
}

/** What the generator function gives. */
export function fromGenerator(live: UserFunction): GraphNode {
  return checkNode({ op: "fromGenerator", inputs: [], fn: fn(live) });
}

/** Pulls to the end. An error ends it, too. */
export async function drain<T>(iterator: ElementIterator<T>): Promise<T[]> {
  const elements: T[] = [];
  for (let pulled = await iterator.next(); pulled !== DONE; pulled = await iterator.next()) {
    elements.push(pulled);
  }
  return elements;
}

/** Runs a graph to the end. */
export async function run(root: GraphNode, changes: Partial<ExecutionContext> = {}): Promise<Element[]> {
  const iterator = execute(root, testContext(changes));
  try {
    return await drain(iterator);
  } finally {
    await iterator.close();
  }
}

/** Runs a graph to the end without ever waiting; fails if a pull gives a promise. */
export function runSync(root: GraphNode, changes: Partial<ExecutionContext> = {}): Element[] {
  const iterator = execute(root, testContext(changes));
  const elements: Element[] = [];
  for (;;) {
    const pulled = iterator.next();
    if (pulled instanceof Promise) throw new Error(`Pull ${elements.length} gave a promise`);
    if (pulled === DONE) return elements;
    elements.push(pulled);
  }
}

/** Runs a graph to the end; errors stand among the elements as `Error: <message>`. */
export async function runWithErrors(
  root: GraphNode,
  changes: Partial<ExecutionContext> = {},
): Promise<Element[]> {
  const iterator = execute(root, testContext(changes));
  const items: Element[] = [];
  for (;;) {
    if (items.length > 1_000) throw new Error(`Pulls do not end: ${items.slice(-3).join("; ")}`);
    let pulled: Pulled<Element>;
    try {
      pulled = await iterator.next();
    } catch (error) {
      items.push(String(error));
      continue;
    }
    if (pulled === DONE) break;
    items.push(pulled);
  }
  await iterator.close();
  return items;
}
