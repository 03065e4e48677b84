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
    ...withCounts(topologyShape.schema),
  };
}

/**
 * What `count` repeats (lab/topology/repeat.ts) has a `count`, and `$n` where a name, an address or a number would be. Maps of
 * names and lists of maps are what can be repeated.
 */
function withCounts(schema: unknown): JsonSchema {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema ?? {})) {
    if (key === 'pattern') result[key] = `${String(value)}|\\$`;
    else if (key === 'items' || key === 'additionalProperties') result[key] = withCount(value);
    else result[key] = deep(value);
  }
  return result;
}

function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep);
  return typeof value === 'object' && value !== null ? withCounts(value) : value;
}

function withCount(value: unknown): unknown {
  const schema = deep(value);
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return schema;
  return { ...schema, properties: { count: COUNT, ...Object(schema.properties) } };
}

const COUNT = {
  description: 'It is there so often, with $n of 1 to this in its texts and its name; inside of it, $m of all but $n.',
  type: 'integer',
  minimum: 1,
  maximum: 200,
};

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
