const SCHEME = /^(https?|blob|data):/i;

/** Whether a name is a URL that `fetch` reads. Such a name is taken literally, whatever characters it has. */
export function isUrl(name: string): boolean {
  return SCHEME.test(name);
}
