/** A program's side of a conversation in lines of JSON. */

/** Answers requests, each by the handler of its kind, until the input ends. */
export async function answer(
  // deno-lint-ignore no-explicit-any -- Requests come from harness/conversation.ts, each kind with fields of its own.
  handlers: Record<string, (request: any) => unknown>,
  ready: unknown = {},
): Promise<void> {
  console.log(JSON.stringify(ready));
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const { kind, ...request } = JSON.parse(line);
      console.log(JSON.stringify(await handlers[kind](request)));
    }
  }
}
