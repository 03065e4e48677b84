import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../native/package-root.ts';

/**
 * The compiled file of one of our own modules, for a new process; `module` is its path in the package without suffix. Of what is
 * bundled (scripts/bundle.js) the bundled one, unless the tree has been compiled again since.
 */
export function programFile(module: string): string {
  const dist = join(packageRoot(), 'dist');
  const bundled = join(dist, 'bundle', `${module}.js`);
  return existsSync(bundled) && isUpToDate(dist) ? bundled : join(dist, `${module}.js`);
}

/** A file that is used as it is in the package, by its path in it. */
export const packageFile = (path: string): string => join(packageRoot(), path);

function isUpToDate(dist: string): boolean {
  const compiled = statSync(join(dist, '.tsbuildinfo'), { throwIfNoEntry: false });
  return compiled === undefined || statSync(join(dist, 'bundle')).mtimeMs >= compiled.mtimeMs;
}
