/** Text streams as lines. */

/** The lines of a stream in UTF-8, without their ends; one longer than about `maxLength` characters comes in pieces. */
export async function* splitLines(
  stream: ReadableStream<Uint8Array>,
  maxLength: number,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  // Joined only when the line is whole: looking through all of it for each chunk would take the square of its length.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const [first, ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    pieces.push(first);
    length += first.length;
    for (const line of others) {
      yield pieces.join("");
      pieces = [line];
      length = line.length;
    }
    if (length > maxLength) {
      yield pieces.join("");
      pieces = [];
      length = 0;
    }
  }
  if (length > 0) yield pieces.join("");
}
