/** The log port. Servers and readers say what a person should know; tests and embedders decide where it goes. */

/** Facts that belong to a line of the log. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where lines go. */
export interface Log {
  /** Something that helps to follow what happened. */
  info(message: string, fields?: LogFields): void;
  /** Something that a person should look at, although work goes on. */
  warn(message: string, fields?: LogFields): void;
}

function line(message: string, fields: LogFields | undefined): string {
  const facts = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined);
  return `sluice: ${message}${facts.length ? ` (${facts.map(([k, v]) => `${k}: ${v}`).join(", ")})` : ""}`;
}

/** Warnings on the console's error stream; information nowhere. */
export const consoleLog: Log = {
  info: () => {},
  warn: (message, fields) => console.warn(line(message, fields)),
};

/** Says nothing. */
export const silentLog: Log = { info: () => {}, warn: () => {} };
