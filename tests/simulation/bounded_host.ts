import type { TaskHandle, TaskHost } from "../../src/worker/mod.ts";

/**
 * A host that tells when a task gives a reader more than there is room for: `window` blocks behind what the reader has
 * said that it took.
 */
export function boundedHost(host: TaskHost, window: number, tell: (fault: string) => void): TaskHost {
  return new Proxy(host, {
    get(target, name) {
      if (name !== "start") return bound(target, name);
      return (...call: Parameters<TaskHost["start"]>) => boundedTask(target.start(...call), window, tell);
    },
  });
}

function boundedTask(task: TaskHandle, window: number, tell: (fault: string) => void): TaskHandle {
  /** What the reader of each session has taken, as far as it has said so. */
  const taken = new Map<string, number>();
  const note = (session: string, count: number) =>
    void taken.set(session, Math.max(count, taken.get(session) ?? 0));
  const openStream: TaskHandle["openStream"] = (request, signal) => {
    note(request.sessionId, request.taken);
    const stream = task.openStream(request, signal);
    const next = stream.next.bind(stream);
    let session = request.sessionId; // The first batch names it.
    stream.next = async () => {
      const result = await next();
      if (result.done) return result;
      const { sequence, sessionId, count } = result.value;
      session = sessionId || session;
      const had = taken.get(session) ?? 0;
      if (count > 0 && sequence > had + window) {
        tell(`block ${sequence} was sent to a reader with room for ${window} that has taken ${had}`);
      }
      return result;
    };
    return stream;
  };
  const acknowledge: TaskHandle["acknowledge"] = (acknowledgement) => {
    note(acknowledgement.sessionId, acknowledgement.taken);
    return task.acknowledge(acknowledgement);
  };
  return new Proxy(task, {
    get: (target, name) =>
      name === "openStream" ? openStream : name === "acknowledge" ? acknowledge : bound(target, name),
  });
}

/** A member of an object that has private ones. */
function bound(target: object, name: string | symbol): unknown {
  const member = Reflect.get(target, name, target);
  return typeof member === "function" ? member.bind(target) : member;
}
