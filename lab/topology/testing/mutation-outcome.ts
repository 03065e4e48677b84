import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { deriveSas } from '../keys.ts';
import { type LoadResult, loadTopology } from '../load.ts';
import type { Topology } from '../model.ts';
import { topologySchema } from '../schema.ts';
import { createNodes } from './nodes.ts';

const acceptsSchema = new Ajv({ strictRequired: false }).compile(topologySchema());

/** What the loader makes of a text. `problem`: what it must never make, a thrown error with its stack for instance; else null. */
export function outcomeOf(text: string): { accepted: boolean; problem: string | null } {
  try {
    const result = loadTopology('mutated.yaml', text);
    return { accepted: result.topology !== null, problem: complaint(text, result) };
  } catch (error) {
    return { accepted: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

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
  const own = keys.filter(key => topology.sas.some(({ to }) => to.destination === key.destination));
  if (new Set(own.map(({ spi, source, destination }) => [spi, source, destination].join(' '))).size !== own.length)
    return 'an SPI twice';
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
