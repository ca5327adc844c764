/** Making user functions callable. */

import {
  FailedPreconditionError,
  InvalidArgumentError,
  type MaybePromise,
  messageOf,
  NotFoundError,
  PermissionDeniedError,
  show,
} from "../base/mod.ts";
import type { FunctionRef, InlineFunction, ModuleFunction, UserFunction } from "./functions.ts";

/** What a function runtime is given. */
export interface FunctionRuntimeOptions {
  /** Code of the modules that travelled with the graph, by hash. @default none */
  modules?: ReadonlyMap<string, string>;
}

type Module = Readonly<Record<string, unknown>>;

/**
 * A runtime that calls inline functions directly where they are live, compiles them from their source elsewhere
 * (once for each source), and imports modules by their URL or, where the code travelled with the graph, from it.
 */
export function createFunctionRuntime(
  options: FunctionRuntimeOptions = {},
): { resolve(ref: FunctionRef): MaybePromise<UserFunction> } {
  const { modules = new Map<string, string>() } = options;
  const compiled = new Map<string, UserFunction>();
  const loaded = new Map<string, Module | Promise<Module>>();

  function inline(ref: InlineFunction): UserFunction {
    if (ref.live) return ref.live;
    let fn = compiled.get(ref.source);
    if (!fn) compiled.set(ref.source, fn = compile(ref.source));
    return fn;
  }

  function load(ref: ModuleFunction): MaybePromise<Module> {
    const key = ref.hash ?? ref.url;
    const known = loaded.get(key);
    if (known) return known;
    const loading = importModule(ref, modules).then((module) => {
      loaded.set(key, module);
      return module;
    }, (error) => {
      loaded.delete(key); // A server that was away for a moment must not spoil the module for good.
      throw error;
    });
    loaded.set(key, loading);
    return loading;
  }

  return {
    resolve(ref) {
      if (ref.kind === "inline") return inline(ref);
      const module = load(ref);
      return module instanceof Promise ? module.then((m) => exportOf(ref, m)) : exportOf(ref, module);
    },
  };
}

/** Compiles the source of a function expression, an arrow or a method shorthand, in strict mode. */
function compile(source: string): UserFunction {
  // `new Function` is the only way to make a shipped function out of its source in a browser, Node and Bun alike;
  // the source is the user's program, which the task's process runs with the permissions that it was granted.
  const evaluate = (body: string): unknown => new Function(`"use strict";\n${body}`)();
  let value: unknown;
  try {
    value = evaluate(`return (${source}\n);`);
  } catch (expressionError) {
    // A method shorthand (`foo(x) {}`) is no expression, but it is one inside an object literal.
    try {
      const holder = evaluate(`return ({${source}\n});`) as object;
      value = Object.getOwnPropertyDescriptor(holder, Reflect.ownKeys(holder)[0])?.value;
    } catch {
      throw new InvalidArgumentError(
        `Cannot compile the function ${show(source)}: ${messageOf(expressionError)}`,
        { cause: expressionError },
      );
    }
  }
  if (typeof value !== "function") {
    throw new InvalidArgumentError(`Cannot compile the function ${show(source)}: it is ${show(value)}`);
  }
  return value as UserFunction;
}

async function importModule(ref: ModuleFunction, modules: ReadonlyMap<string, string>): Promise<Module> {
  let url = ref.url;
  if (ref.hash !== null) {
    const code = modules.get(ref.hash);
    if (code === undefined) {
      throw new NotFoundError(
        `Cannot load the module "${ref.url}": its code did not travel with the dataset`,
      );
    }
    url = `data:text/javascript;base64,${base64(code)}`;
  }
  try {
    return await import(url);
  } catch (error) {
    const message = `Cannot load the module "${ref.url}": ${messageOf(error)}`;
    if (error instanceof Error && error.name === "NotCapable") {
      throw new PermissionDeniedError(message, { cause: error });
    }
    throw new FailedPreconditionError(message, { cause: error });
  }
}

function exportOf(ref: ModuleFunction, module: Module): UserFunction {
  const value = module[ref.exportName];
  if (value === undefined) {
    throw new NotFoundError(`Cannot find the export "${ref.exportName}" of the module "${ref.url}"`);
  }
  if (typeof value !== "function") {
    throw new InvalidArgumentError(
      `Cannot use the export "${ref.exportName}" of the module "${ref.url}": it is ${
        show(value)
      }, not a function`,
    );
  }
  return value as UserFunction;
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
