import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatDiagnostic } from './diagnostic.ts';
import { deriveSas } from './keys.ts';
import { type LoadResult, loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { topologySchema } from './schema.ts';
import { shippedTopologies } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';
import { createNodes } from './testing/nodes.ts';
import { mutateYaml, seededUniform } from './testing/mutate.ts';

/** `TOPOLOGY_MUTATIONS=100000 npx vitest run lab/topology/mutation.test.ts` for a long run; `TOPOLOGY_SEED` for another. */
const COUNT = Number(process.env['TOPOLOGY_MUTATIONS'] ?? 2000);
const SEED = Number(process.env['TOPOLOGY_SEED'] ?? 1);
const texts = [EVERYTHING, ...shippedTopologies().map(({ file }) => readFileSync(file, 'utf8'))];
const acceptsSchema = new Ajv({ strictRequired: false }).compile(topologySchema());

/** null, or what is wrong with what the loader made of the text. */
function complaint(text: string, { topology, diagnostics }: LoadResult): string | null {
  if ((topology === null) !== diagnostics.length > 0) return 'a topology with diagnostics, or neither';
  const lines = text.split('\n').length;
  for (const diagnostic of diagnostics) {
    const { line, column, message, fix } = diagnostic;
    if (line < 0 || line > lines || column < 0 || column > text.length + 2) return `a place outside: ${line}:${column}`;
    if (message === '' || fix === '') return 'an empty message or fix';
    if (/\p{Cc}/u.test(formatDiagnostic(diagnostic).replace('\n  fix: ', '')))
      return `a control character in ${message}`;
  }
  return topology === null ? null : incoherence(topology, text);
}

/** What the rest of the lab relies on without asking. */
function incoherence(topology: Topology, text: string): string | null {
  if (!acceptsSchema(parse(text, { logLevel: 'silent' })))
    return `refused by the schema: ${JSON.stringify(acceptsSchema.errors)}`;
  const { keys } = deriveSas(topology, 'run', { alice: 3 });
  if (new Set(keys.map(({ spi }) => spi)).size !== keys.length) return 'an SPI twice';
  createNodes(topology); // throws on a contradiction
  const interfaces = new Set(
    topology.nodes.flatMap(node => node.interfaces.map(iface => `${node.name}:${iface.name}`)),
  );
  const ends = topology.links.flatMap(link => link.endpoints.map(end => `${end.node}:${end.interface}`));
  if (ends.some(end => !interfaces.has(end)) || new Set(ends).size !== ends.length)
    return 'a link that ends nowhere, or twice';
  const links = new Set(topology.links.map(({ name }) => name));
  if (topology.protectedFlows.some(flow => flow.links.some(link => !links.has(link))))
    return 'a flow on an unknown link';
  const macs = topology.nodes.flatMap(node => node.interfaces.map(({ mac }) => mac));
  return new Set(macs).size === macs.length ? null : 'a MAC address twice';
}

describe('mutated topologies', () => {
  test('start from good ones', () => {
    for (const text of texts) expect(loadTopology('good.yaml', text).diagnostics).toEqual([]);
  });

  test(`${COUNT} of them are accepted or diagnosed, and nothing throws`, { timeout: 10_000 + COUNT * 20 }, () => {
    let accepted = 0;
    for (let i = 0; i < COUNT; i += 1) {
      const seed = SEED * 1_000_003 + i;
      const text = mutateYaml(texts[i % texts.length] ?? '', texts, seededUniform(seed));
      const outcome = outcomeOf(text);
      if (outcome.problem !== null) throw new Error(`mutation ${seed}: ${outcome.problem}\n${text}`);
      if (outcome.accepted) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(0); // else the mutations are too wild to say anything about what is accepted
  });
});

function outcomeOf(text: string): { accepted: boolean; problem: string | null } {
  try {
    const result = loadTopology('mutated.yaml', text);
    return { accepted: result.topology !== null, problem: complaint(text, result) };
  } catch (error) {
    return { accepted: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
