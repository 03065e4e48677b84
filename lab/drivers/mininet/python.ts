import { spawnSync } from 'node:child_process';
import { withSystemPath } from '../netns/pod.ts';

/** A Python that has Mininet, with its arguments; a script's name comes next. */
export type MininetPython = readonly string[];

/** Packages bring it for the system's own Python. */
const PYTHONS = ['/usr/bin/python3', 'python3'] as const;
/** Neither the user's variables nor the user's packages; not a word of what it finds old-fashioned. */
const QUIETLY = ['-I', '-W', 'ignore'] as const;
/** Importing it takes long; asking where it is does not. */
const FIND_MININET = 'import importlib.util as u, sys; sys.exit(u.find_spec("mininet") is None)';

/** null: there is none. */
export function findMininet(): MininetPython | null {
  const env = withSystemPath(process.env);
  const found = PYTHONS.find(python => spawnSync(python, [...QUIETLY, '-c', FIND_MININET], { env }).status === 0);
  return found === undefined ? null : [found, ...QUIETLY];
}
