import { join } from 'node:path';
import { packageRoot } from '../native/package-root.ts';

/** The compiled file of one of our own modules, for a new process; `module` is its path in the package without suffix. */
export const programFile = (module: string): string => join(packageRoot(), 'dist', `${module}.js`);
