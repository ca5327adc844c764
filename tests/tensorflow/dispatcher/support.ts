/** A dispatcher with TensorFlow's methods and without any socket. */

import { type MessageInitShape } from "@bufbuild/protobuf";
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FakeClock, SeededRandom, silentLog } from "../../../src/base/mod.ts";
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type DispatcherSettings,
  type Journal,
  sluiceFormat,
  type TaskDefinition,
} from "../../../src/dispatcher/mod.ts";
import { tensorflowMethods } from "../../../src/tensorflow/dispatcher/service.ts";
import { tensorflowFormat } from "../../../src/tensorflow/dispatcher/tensorflow_format.ts";
import type { GrpcMethods } from "../../../src/tensorflow/grpc/mod.ts";
import { CallContext } from "../../../src/tensorflow/grpc/context.ts";
import { methodPath } from "../../../src/tensorflow/grpc/mod.ts";
import { SETTINGS } from "../../dispatcher/support.ts";

/** What a test dispatcher starts with. */
export interface TestServiceOptions extends Partial<DispatcherSettings> {
  journal?: Journal;
}

/** A dispatcher that TensorFlow's requests are put to. */
export class TestService implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly dispatcher: Dispatcher;
  /** The tasks that were handed to TensorFlow's workers. */
  readonly pushed: TaskDefinition[] = [];
  readonly #methods: GrpcMethods;

  private constructor({ journal = createMemoryJournal(), ...settings }: TestServiceOptions) {
    this.dispatcher = createDispatcher({
      config: { ...SETTINGS, ...settings },
      clock: this.clock,
      random: new SeededRandom(1),
      log: silentLog,
      journal,
      listFiles: () => Promise.resolve([]),
      workerClient: () => {
        throw new Error("No worker of Sluice's is there");
      },
      formats: [sluiceFormat, tensorflowFormat],
      links: {
        tensorflow: {
          push: (task) => {
            this.pushed.push(task);
            return Promise.resolve([]);
          },
          probe: () => Promise.reject(new Error("No worker answers")),
        },
      },
    });
    this.#methods = tensorflowMethods({
      parts: this.dispatcher.parts,
      snapshots: {
        methods: [],
        tasks: () => Promise.resolve([]),
        openChunks: () => {
          throw new Error("No snapshot is there");
        },
      },
      specOf: () => Promise.resolve(new Uint8Array([1])),
    });
  }

  /** Starts one. */
  static async start(options: TestServiceOptions = {}): Promise<TestService> {
    const service = new TestService(options);
    await service.dispatcher.start();
    return service;
  }

  /** Puts an encoded request; the reply is encoded as well. */
  async raw(path: string, request: Uint8Array): Promise<Uint8Array> {
    const handler = this.#methods.get(path);
    if (!handler) throw new Error(`No method ${path}`);
    const reply = await handler(request, new CallContext());
    if (reply instanceof Uint8Array) return reply;
    if ("commit" in reply) {
      await reply.commit();
      return reply.message;
    }
    return new Uint8Array(await new Blob(reply as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }

  /** Puts a request. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(method.input, create(method.input, request));
    return fromBinary(method.output, await this.raw(methodPath(method), bytes));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispatcher.stop();
  }
}
