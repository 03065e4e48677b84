import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { schemaText, topologySchema } from './schema.ts';
import { shippedTopologies, topologiesDirectory } from './shipped.ts';

const validate = new Ajv({ allErrors: true, strictRequired: false }).compile(topologySchema());

describe('the published JSON Schema', () => {
  test('is up to date (otherwise: npx vitest run lab/topology/schema.test.ts -u)', async () => {
    await expect(schemaText()).toMatchFileSnapshot(`${topologiesDirectory()}/schema.json`);
  });

  test.each(shippedTopologies())('accepts $name', ({ file }) => {
    validate(parse(readFileSync(file, 'utf8')));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each([
    ['an unknown key', { name: 'x', nodes: {}, nods: {} }],
    ['a name in capitals', { name: 'X', nodes: {} }],
    ['a list of nodes', { name: 'x', nodes: [] }],
    [
      'two actions in a policy',
      { name: 'x', nodes: { a: { kind: 'host', interfaces: {}, policy: [{ bypass: true, discard: true }] } } },
    ],
    ['a number as a rate', { name: 'x', nodes: {}, links: { l: { endpoints: [], impair: { rate: 5 } } } }],
  ])('refuses %s', (_what, document) => {
    expect(validate(document)).toBe(false);
  });
});
