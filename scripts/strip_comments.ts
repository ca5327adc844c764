/** The code of a TypeScript file with comments blanked out and the contents of strings kept. */
export function stripComments(source: string): string {
  // One token at a time: comments, strings and templates, whichever begins first.
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
  return source.replace(token, (text) => text.startsWith("/") ? text.replace(/[^\n]/g, " ") : text);
}
