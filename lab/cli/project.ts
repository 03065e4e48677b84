import { existsSync } from 'node:fs';

/** The folder with package.json, from here in lab/cli as from dist/lab/cli. Ends in a slash. */
export function projectRoot(): URL {
  const source = new URL('../../', import.meta.url);
  return existsSync(new URL('package.json', source)) ? source : new URL('../', source);
}
