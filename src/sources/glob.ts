import { InvalidArgumentError } from "../base/mod.ts";

// `{a,b}` multiplies: a few groups of a few names are meant, not a pattern that fills the memory.
const MOST_ALTERNATIVES = 1_000;

/** Whether a name has characters that a glob gives a meaning: `*`, `?`, `[` or `{`. */
export function hasGlobCharacters(name: string): boolean {
  return /[*?[{]/.test(name);
}

/**
 * A regular expression that matches the whole of each path that a glob stands for.
 *
 * `*` stands for any characters but `/`, `?` for one, `[abc]`, `[a-z]` and `[!a]` for one of a set, `{a,b}`
 * for either of several patterns, and `**` as a whole part of the path for any number of directories. `\`
 * takes away the meaning of the character behind it. As in shells, a name that begins with a dot is matched
 * only by a pattern that does, too.
 *
 * @throws {InvalidArgumentError} for a pattern whose braces stand for more than 1,000 patterns
 */
export function matchGlob(pattern: string): RegExp {
  const alternatives = expandBraces(pattern).map((path) => pathSource(path.split("/")));
  return new RegExp(`^(?:${alternatives.join("|")})$`, "su");
}

/** A regular expression for one part of a path, between two slashes. Braces must be expanded already. */
export function matchGlobPart(part: string): RegExp {
  return new RegExp(`^${partSource(part)}$`, "su");
}

function pathSource(parts: readonly string[]): string {
  return parts.map((part, index) => {
    const last = index === parts.length - 1;
    if (part !== "**") return partSource(part) + (last ? "" : "/");
    return last ? "(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+" : "(?:(?!\\.)[^/]+/)*";
  }).join("");
}

function partSource(part: string): string {
  // A dot at the start must be written out, so that `*` does not pick up what a system or an editor left
  // behind.
  let source = /^[*?[]/.test(part) ? "(?!\\.)(?=[^/])" : "";
  for (let at = 0; at < part.length;) {
    const [piece, length] = pieceAt(part, at);
    source += piece;
    at += length;
  }
  return source;
}

/** The regular expression of what stands at `at`, and how many characters of the pattern it takes. */
function pieceAt(part: string, at: number): [source: string, length: number] {
  const char = String.fromCodePoint(part.codePointAt(at)!);
  if (char === "*") return ["[^/]*", /^\*+/.exec(part.slice(at))![0].length];
  if (char === "?") return ["[^/]", 1];
  if (char === "[") {
    const set = setAt(part, at);
    if (set) return set;
  }
  if (char === "\\" && at + 1 < part.length) {
    const escaped = String.fromCodePoint(part.codePointAt(at + 1)!);
    return [quote(escaped), 1 + escaped.length];
  }
  return [quote(char), char.length];
}

/** The set that opens at `at`, or null where no `]` closes it: the bracket then stands for itself. */
function setAt(part: string, at: number): [source: string, length: number] | null {
  const negated = part[at + 1] === "!" || part[at + 1] === "^";
  const start = at + (negated ? 2 : 1);
  // A `]` right at the start is one of the set.
  const end = part.indexOf("]", start + 1);
  if (end < 0) return null;
  const members: string[] = [];
  const chars = [...part.slice(start, end)];
  for (let i = 0; i < chars.length; i++) {
    if (chars[i + 1] === "-" && i + 2 < chars.length) {
      // A range that runs backwards holds nothing, as in shells.
      if (chars[i].codePointAt(0)! <= chars[i + 2].codePointAt(0)!) {
        members.push(`${quoteMember(chars[i])}-${quoteMember(chars[i + 2])}`);
      }
      i += 2;
    } else {
      members.push(quoteMember(chars[i]));
    }
  }
  const set = negated ? `[^/${members.join("")}]` : `(?!/)[${members.join("")}]`;
  return [set, end + 1 - at];
}

function quote(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

// Only inside a set does a hyphen mean something, and only there may it be escaped.
function quoteMember(char: string): string {
  return char === "-" ? "\\-" : quote(char);
}

/**
 * The patterns that a pattern with `{a,b}` stands for; groups may lie in groups. Braces without a comma, and
 * braces that do not close, stand for themselves.
 *
 * @throws {InvalidArgumentError} where that gives more than 1,000 patterns
 */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  while (open.length > 0) {
    const current = open.pop()!;
    const group = firstGroup(current);
    if (!group) done.push(current);
    else open.push(...group.choices.map((choice) => group.before + choice + group.after).reverse());
    if (done.length + open.length > MOST_ALTERNATIVES) {
      throw new InvalidArgumentError(
        `Cannot expand ${
          JSON.stringify(pattern)
        }: its braces stand for more than ${MOST_ALTERNATIVES} patterns`,
      );
    }
  }
  return done;
}

interface Group {
  before: string;
  choices: string[];
  after: string;
}

/** The first group of braces that closes and has a comma. */
function firstGroup(pattern: string): Group | null {
  for (let open = 0; open < pattern.length; open++) {
    if (pattern[open] === "\\") open++;
    else if (pattern[open] === "{") {
      const group = groupAt(pattern, open);
      if (group) return group;
    }
  }
  return null;
}

function groupAt(pattern: string, open: number): Group | null {
  const choices: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === "\\") at++;
    else if (char === "{") depth++;
    else if (char === "," && depth === 1) {
      choices.push(pattern.slice(from, at));
      from = at + 1;
    } else if (char === "}" && --depth === 0) {
      if (choices.length === 0) return null;
      choices.push(pattern.slice(from, at));
      return { before: pattern.slice(0, open), choices, after: pattern.slice(at + 1) };
    }
  }
  return null;
}
