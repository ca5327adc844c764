import { InternalError, InvalidArgumentError, isPromise, type MaybePromise, messageOf } from "../base/mod.ts";
import { checkElement, type Element } from "../element/mod.ts";
import type { UserFunction } from "../graph/mod.ts";
import type { OperatorFunctionContext } from "./function_context.ts";

/** How many results of a function are looked at in full; later ones only at the top. */
const CHECKED_IN_FULL = 16;

/** A user's function in its place: what it is called with, and errors that name its operator and the element. */
export class BoundFunction {
  /** The function itself, for operators that cannot afford {@linkcode BoundFunction.invoke}. */
  readonly call: UserFunction;
  /** Its last argument. */
  readonly context: OperatorFunctionContext;
  readonly #operator: string;
  #unchecked = CHECKED_IN_FULL;

  /** Binds `call` to an operator; `operator` is its name as users write it, such as `flatMap`. */
  constructor(call: UserFunction, context: OperatorFunctionContext, operator: string) {
    this.call = call;
    this.context = context;
    this.#operator = operator;
  }

  /** The same place with another function. */
  with(call: UserFunction): BoundFunction {
    return new BoundFunction(call, this.context, this.#operator);
  }

  /** Calls the function for the element `index`. What it throws, now or later, comes out as {@linkcode BoundFunction.failed}. */
  invoke(index: number, ...args: unknown[]): MaybePromise<unknown> {
    const { call } = this; // Called without a `this`, as a user expects of a plain function.
    try {
      const result: unknown = call(...args, this.context);
      return isPromise(result) ? this.settle(index, result) : result;
    } catch (error) {
      throw this.failed(index, error);
    }
  }

  /** What a call that waits gives in the end. */
  async settle(index: number, result: PromiseLike<unknown>): Promise<unknown> {
    try {
      return await result;
    } catch (error) {
      throw this.failed(index, error);
    }
  }

  /** The error for what the function threw at the operator's input element `index`. */
  failed(index: number, thrown: unknown): InternalError {
    return new InternalError(`Cannot ${this.#operator} element ${index}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }

  /** The error for a result that the operator cannot use; `problem` says what it is. */
  refused(index: number, problem: string): InvalidArgumentError {
    return new InvalidArgumentError(`Cannot ${this.#operator} element ${index}: ${problem}`);
  }

  /**
   * A result, if it is an element. A function that gives something else nearly always does so from the start, so
   * the first results are checked to the bottom and later ones at the top: a check of every value of every
   * record would cost more than most functions. What leaves the process is checked in full by the block encoder.
   */
  result(index: number, value: unknown): Element {
    switch (typeof value) {
      case "number":
      case "string":
      case "boolean":
      case "bigint":
        return value;
      case "object":
        if (this.#unchecked <= 0 && isPlain(value)) return value as Element;
    }
    this.#unchecked--;
    try {
      checkElement(value);
    } catch (error) {
      throw error instanceof InvalidArgumentError ? this.refused(index, lowerFirst(error.message)) : error;
    }
    return value;
  }
}

function isPlain(value: object | null): boolean {
  if (value === null || Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof Uint8ClampedArray);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
