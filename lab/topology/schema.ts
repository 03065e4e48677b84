import { topologyShape } from './description.ts';
import type { JsonSchema } from './shape.ts';

/**
 * The JSON Schema of topology files, for editors; topologies/schema.json is this. It accepts whatever the loader accepts
 * and knows the shape of a file, not its sense: that a link ends at a node is the loader's to say.
 */
export function topologySchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'ipsec-lab topology',
    ...topologyShape.schema,
  };
}

const COLUMNS = 120;

/** The text of topologies/schema.json, formatted as the rest of the repository: short lists of scalars on one line. */
export function schemaText(): string {
  return `${print(topologySchema(), 0, 0)}\n`;
}

/** `used`: columns that are taken in front of the value. */
function print(value: unknown, depth: number, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return isList ? '[]' : '{}';
  const isFlat = isList && entries.every(([, item]) => typeof item !== 'object');
  const flat = `[${entries.map(([, item]) => JSON.stringify(item)).join(', ')}]`;
  if (isFlat && used + flat.length < COLUMNS) return flat;
  const indent = '  '.repeat(depth + 1);
  const lines = entries.map(([key, item]) => {
    const label = isList ? indent : `${indent}${JSON.stringify(key)}: `;
    return `${label}${print(item, depth + 1, label.length)}`;
  });
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join(',\n')}\n${'  '.repeat(depth)}${close}`;
}
