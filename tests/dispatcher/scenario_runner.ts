/**
 * Runs protocol scenarios: text files of commands with the expected outcome below each. A command line begins
 * with `> `, lines that begin with `#` tell the story, and everything else is what the command above printed.
 */

import { messageOf } from "../../src/base/mod.ts";
import { getWorkers } from "../../src/dispatcher/core/read_only.ts";
import { ShardingPolicy } from "../../src/graph/mod.ts";
import { indexes, TestCore } from "./support.ts";

/** The words of a line, `name=value` ones apart. */
function parse(line: string): { words: string[]; options: Record<string, string> } {
  const words: string[] = [];
  const options: Record<string, string> = {};
  for (const word of line.split(/\s+/)) {
    const at = word.indexOf("=");
    if (at < 0) words.push(word);
    else options[word.slice(0, at)] = word.slice(at + 1);
  }
  return { words, options };
}

class Scenario {
  #core = new TestCore();
  readonly #uids = new Map<string, number>();

  /** Runs one command and gives what it prints. */
  run(line: string): string[] {
    const { words: [command, ...words], options } = parse(line);
    const commands: Record<string, () => string[]> = {
      dispatcher: () => this.#dispatcher(options),
      "crash-and-replay": () => this.#replay(options),
      wait: () => {
        this.#core.now += Number(words[0]);
        return [];
      },
      tick: () => {
        this.#core.checkLiveness(words);
        return this.#core.collect().map((id) => `collected iteration ${id}`);
      },
      heartbeat: () => this.#heartbeat(words[0], options.tasks),
      "restart-worker": () => {
        this.#uids.set(words[0], (this.#uids.get(words[0]) ?? 1) + 1);
        return this.#heartbeat(words[0], "");
      },
      unregister: () => {
        this.#core.leave(words[0], this.#uid(words[0]));
        return [];
      },
      job: () => {
        const policy = ShardingPolicy[words[0] as keyof typeof ShardingPolicy];
        return [`job ${this.#core.job(policy, { name: options.name ?? null })}`];
      },
      join: () => this.#join(Number(words[0]), options),
      client: () => this.#view(Number(words[0])),
      release: () => {
        this.#core.release(Number(words[0]));
        return [];
      },
      finish: () => {
        const [address, ...tasks] = words;
        this.#core.finish(address, ...tasks.map(Number));
        return [];
      },
      "get-split": () => this.#split(Number(words[0]), options),
      workers: () =>
        this.#core.run(getWorkers, null).map(({ address, tasks }) => `${address} tasks=${[...tasks].join()}`),
      jobs: () => [...this.#core.state.jobs.values()].map(({ id, guarantee }) => `job ${id} ${guarantee}`),
    };
    try {
      const run = commands[command];
      return run ? run() : [`unknown command ${command}`];
    } catch (error) {
      return [`${(error as Error).name}: ${messageOf(error)}`];
    }
  }

  #dispatcher(options: Record<string, string>): string[] {
    const numbers = Object.entries(options).filter(([name]) => name !== "workerAddresses");
    this.#core = new TestCore({
      ...Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])),
      workerAddresses: options.workerAddresses?.split(",") ?? [],
    });
    return [];
  }

  #replay(options: Record<string, string>): string[] {
    const { updates, now } = this.#core;
    this.#dispatcher(options);
    for (const update of updates) this.#core.core.replay(update);
    this.#core.updates.push(...updates);
    this.#core.now = now;
    this.#core.core.recovered(now);
    return [`${updates.length} updates`];
  }

  #uid(address: string): string {
    return `${address}#${this.#uids.get(address) ?? 1}`;
  }

  #heartbeat(address: string, tasks: string | undefined): string[] {
    const currentTasks = tasks === undefined
      ? this.#core.tasksOn(address)
      : tasks.split(",").filter(Boolean).map(Number);
    const { newTasks, tasksToDelete } = this.#core.worker(address, { uid: this.#uid(address), currentTasks });
    return [
      ...newTasks.map(({ taskId, iterationId, shard }) =>
        `new task ${taskId} of iteration ${iterationId}${shard ? ` shard ${shard.index}/${shard.count}` : ""}`
      ),
      ...tasksToDelete.map((id) => `delete task ${id}`),
    ];
  }

  #join(job: number, { repetition = "0", count = "100" }: Record<string, string>): string[] {
    const client = this.#core.client(job, {
      repetition: Number(repetition),
      sources: [indexes(Number(count))],
    });
    return [`client ${client}`, ...this.#view(client)];
  }

  #view(client: number): string[] {
    const { tasks, finished } = this.#core.heartbeat(client);
    return [
      ...tasks.map(({ taskId, address, finished }) =>
        `task ${taskId} on ${address}${finished ? " finished" : ""}`
      ),
      ...(finished ? ["iteration finished"] : []),
    ];
  }

  #split(taskId: number, { repetition = "0", request = "1" }: Record<string, string>): string[] {
    const reply = this.#core.split({ taskId, repetition: Number(repetition), requestId: Number(request) });
    return [reply.kind === "end" ? "end of splits" : `split ${reply.start}..${reply.end}`];
  }
}

/** What a scenario file looks like when its outcomes are those of a run. */
export function runScenario(text: string): string {
  const scenario = new Scenario();
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("> ")) lines.push(line, ...scenario.run(line.slice(2)));
    else if (line.startsWith("#") || line === "") lines.push(line);
  }
  return lines.join("\n");
}
