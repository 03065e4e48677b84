import type { LabCondition } from '../drivers/fault-book.ts';
import { badInput } from '../state/failure.ts';
import type { FaultAction, Topology, TopologyNode } from '../topology/model.ts';

/** Throws a Failure for a fault that makes no sense in this lab, as it is now: nothing has been done then. */
export function assertFault(action: FaultAction, topology: Topology, condition: LabCondition): void {
  if ('link' in action) return assertLinkFault(action, topology);
  const node = topology.nodes.find(each => each.name === action.node);
  if (node === undefined) throw badInput(`the lab has no node "${action.node}"`, 'lab status lists them');
  const state = condition.nodes[node.name] ?? 'up';
  switch (action.kind) {
    case 'pause':
      assertGateway(node, 'be paused');
      if (state !== 'up') throw badInput(`${node.name} is ${state} already`, afterState(node.name, state));
      return;
    case 'resume':
      if (state !== 'paused') throw badInput(`${node.name} is not paused`, 'lab fault lists what is');
      return;
    case 'rebind':
      if (node.kind !== 'nat') throw badInput(`${node.name} is a ${node.kind}, and has no mappings to forget`, null);
      return assertRuns(node.name, state);
    case 'clockSkew':
      if (!node.engine)
        throw badInput(`${node.name} has the clock of this machine`, 'name a node that runs the engine');
      return assertRuns(node.name, state);
    case 'move':
      if (!node.interfaces.some(({ name }) => name === action.interface))
        throw badInput(`${node.name} has no interface "${action.interface}"`, 'lab status lists them');
      return assertRuns(node.name, state);
    case 'crash':
    case 'restart':
  }
}

function assertLinkFault(action: Extract<FaultAction, { readonly link: string }>, { links }: Topology): void {
  const link = links.find(each => each.name === action.link);
  if (link === undefined) throw badInput(`the lab has no link "${action.link}"`, 'lab status lists them');
  if (action.kind !== 'partition') return;
  const { endpoints } = link;
  if (!endpoints.some(end => end.node === action.from || `${end.node}:${end.interface}` === action.from)) {
    const ends = endpoints.map(({ node }) => node).join(' or ');
    throw badInput(`link "${link.name}" has no end at "${action.from}"`, `frames come from ${ends}`);
  }
}

/** A plain stack is the machine's kernel: it cannot stand still. */
function assertGateway(node: TopologyNode, what: string): void {
  if (!node.engine && node.implementation === null)
    throw badInput(`${node.name} is a plain ${node.kind}, which cannot ${what}`, 'cut its links instead');
}

function assertRuns(name: string, state: 'up' | 'paused' | 'down'): void {
  if (state !== 'up') throw badInput(`${name} is ${state}`, afterState(name, state));
}

const afterState = (name: string, state: string): string =>
  state === 'paused' ? `lab fault resume ${name}` : `lab fault restart ${name}`;
