import { parsePrefix, type Prefix } from '../../engine/wire/prefix.ts';
import { badInput } from '../state/failure.ts';
import type { Topology } from '../topology/model.ts';
import { namedFlow } from '../topology/protected-flows.ts';
import { printable } from './terminal.ts';

/** The topology with flows from the command line (`A <-> B`) under its tripwire. */
export function withProtectedFlows(topology: Topology, flows: readonly string[]): Topology {
  const added = flows.map(text => {
    const [a, b] = flowArgument(text);
    const flow = namedFlow(topology, a, b, `--protected ${text}`);
    if (flow.links.length > 0) return flow;
    throw badInput(
      `--protected ${printable(text)}: every link is attached to one of the two networks, so it is clear by design`,
      'name the networks behind the gateways',
    );
  });
  return added.length === 0 ? topology : { ...topology, protectedFlows: [...topology.protectedFlows, ...added] };
}

function flowArgument(text: string): [Prefix, Prefix] {
  const [a, b, ...more] = text.split('<->').map(end => parsePrefix(end.trim()));
  const isFlow = a !== undefined && a !== null && b !== undefined && b !== null && more.length === 0;
  if (isFlow && a.address.length === b.address.length) return [a, b];
  throw badInput(
    `--protected "${printable(text)}" is not two prefixes of one family`,
    "for instance --protected '10.0.0.0/24 <-> 10.0.1.0/24'",
  );
}
