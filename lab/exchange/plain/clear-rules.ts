import type { TopologyNode, TopologyPolicy } from '../../topology/model.ts';
import { parsePrefix, prefixContains } from '../../../engine/wire/prefix.ts';
import { prefixesOfRange } from './prefixes-of-range.ts';

/**
 * Arguments of `ip` that make a node without IPsec drop what its policies protect or discard: routing policy rules, in the order
 * of the SPD, before the main table. Where a rule cannot say as much as a policy (protocols, ports) it drops too much rather than
 * too little. What no policy names passes.
 */
export function clearRules(node: TopologyNode): string[] {
  // What enters a tunnel is dropped by its route.
  const tunnels = new Set(node.tunnels.map(({ name }) => name));
  const policies = node.policies.filter(({ tunnel }) => tunnel === null || !tunnels.has(tunnel));
  const last = policies.findLastIndex(({ action }) => action.kind !== 'bypass');
  return policies
    .slice(0, last + 1)
    .flatMap(policy => selectorsOf(policy, node).map(selector => ({ selector, action: actionOf(policy) })))
    .map(({ selector: { family, words }, action }, index) => {
      const space = words === '' ? '' : ` ${words}`;
      return `${family}rule add priority ${FIRST_PRIORITY + index}${space} ${action}`;
    });
}

/** Behind the rules of IKE daemons (220 for strongSwan), before the main table (32766). */
const FIRST_PRIORITY = 1000;

const actionOf = ({ action }: TopologyPolicy): string => (action.kind === 'bypass' ? 'lookup main' : 'blackhole');

interface RuleSelector {
  readonly family: '' | '-6 ';
  /** Empty: everything. */
  readonly words: string;
}

function selectorsOf(policy: TopologyPolicy, node: TopologyNode): RuleSelector[] {
  const isBypass = policy.action.kind === 'bypass';
  if (isBypass && !coversAllProtocols(policy)) return [];
  const selectors: RuleSelector[] = [];
  for (const family of ['', '-6 '] as const) {
    const isSix = family !== '';
    for (const local of sideOf(policy.local, isSix)) {
      for (const remote of sideOf(policy.remote, isSix)) {
        const add = (...words: readonly string[]) =>
          selectors.push({ family, words: words.filter(word => word !== '').join(' ') });
        if (policy.direction !== 'inbound') {
          add(phrase('from', local), phrase('to', remote));
          if (local !== null && isOfNode(local, node) && (!isBypass || isWithin(remote, local)))
            // The source of its own packets may not be known yet when their route is asked for.
            add('iif lo', phrase('to', remote));
        }
        if (policy.direction !== 'outbound' && !(local === remote && policy.direction === 'both'))
          add(phrase('from', remote), phrase('to', local));
      }
    }
  }
  return selectors;
}

const coversAllProtocols = (policy: TopologyPolicy): boolean =>
  policy.protocol === 'any' && [policy.localPort, policy.remotePort, policy.icmp].every(numbers => numbers === 'any');

/** Prefixes of one family; null: all of it. */
function sideOf(side: TopologyPolicy['local'], isSix: boolean): (string | null)[] {
  if (side === 'any') return [null];
  return side.filter(text => text.includes(':') === isSix).flatMap(prefixesOfRange);
}

const phrase = (word: string, prefix: string | null): string => (prefix === null ? '' : `${word} ${prefix}`);

const isOfNode = (prefix: string, { interfaces }: TopologyNode): boolean =>
  interfaces.some(({ addresses }) => addresses.some(address => isWithin(address.split('/')[0] ?? '', prefix)));

function isWithin(inner: string | null, outer: string): boolean {
  const within = inner === null ? null : parsePrefix(inner);
  const around = parsePrefix(outer);
  return within !== null && around !== null && within.length >= around.length && prefixContains(around, within.address);
}
