import { readFileSync } from 'node:fs';
import { projectRoot } from './project.ts';

/** Of package.json. */
export function version(): string {
  const text = readFileSync(new URL('package.json', projectRoot()), 'utf8');
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
