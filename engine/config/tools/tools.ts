import { ipfstat } from './ipfstat.ts';
import { ipsecalgs } from './ipsecalgs.ts';
import { ipsecconf } from './ipsecconf.ts';
import { setkey } from './setkey.ts';
import type { Tool } from './tool.ts';

const TOOLS: Readonly<Record<string, Tool>> = { setkey, ipsecconf, ipsecalgs, ipfstat };

/** The tool of that name (a path's last part) that looks at an engine node; null: it is some other program. */
export function toolNamed(program: string): Tool | null {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return Object.hasOwn(TOOLS, name) ? (TOOLS[name] ?? null) : null;
}

/** In alphabetical order. */
export const toolNames = (): string[] => Object.keys(TOOLS).sort();
