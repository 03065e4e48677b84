import { existsSync } from 'node:fs';

/** The folder with package.json, above here whether this is the source, the compiled tree or the bundle. Ends in a slash. */
export function projectRoot(): URL {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('package.json', folder)) && folder.pathname !== '/') folder = new URL('../', folder);
  return folder;
}
