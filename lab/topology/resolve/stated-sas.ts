import { formatAddress, parseAddress } from '../../../engine/wire/address.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { saConfigOf, type StatedSa } from '../../../engine/config/policy.ts';
import type { SaConfig } from '../../../engine/node/config.ts';
import type { ManualSa, ManualSaEnd, SaEnds, TopologyTransform } from '../model.ts';
import type { Keyings } from './keying.ts';
import type { NativeFile } from './native-files.ts';
import type { Policy } from './policies.ts';
import type { NextSpi } from './sa-pairs.ts';
import { addressesOf, type NodeScope, type Scope } from './scope.ts';
import { isUniqueFlow, mirrorFlows, type UniqueFlow } from './unique-flows.ts';

/** By node: the SAs that its files give with their keys. */
export type StatedSas = ReadonlyMap<string, readonly SaConfig[]>;

/** An SA of a file has a node's own address at one of its ends, which says whether it is for sending or receiving. */
export function sasOf(node: NodeScope, stated: readonly StatedSa[], file: NativeFile): SaConfig[] {
  const own = new Set([...addressesOf(node, 4), ...addressesOf(node, 6)].map(formatAddress));
  const isOwn = (text: string) => {
    const address = parseAddress(text);
    return address !== null && own.has(formatAddress(address));
  };
  const found: SaConfig[] = [];
  for (const each of stated) {
    const { sa, place } = each;
    const direction = isOwn(sa.source) ? 'outbound' : isOwn(sa.destination) ? 'inbound' : null;
    if (direction === null) {
      const message = `neither ${sa.source} nor ${sa.destination} is an address of ${node.name}`;
      file.complain(place, message, `an SA of ${node.name} begins or ends there: ${[...own].slice(0, 4).join(', ')}`);
      continue;
    }
    found.push(saConfigOf(each, direction));
  }
  return found;
}

/** One transform of a policy that a native file gives, at the end that sends, or at the one that receives. */
interface Side {
  readonly policy: Policy;
  readonly transform: TopologyTransform;
  readonly index: number;
}

/**
 * SAs for policies of native files between the nodes of each `keying`: one each way for each kind of SA and pair of addresses
 * that the policies of both ends select. Like those that racoon would make, they are not tied to one policy.
 */
export function keyedSas(
  scope: Scope,
  keyings: Keyings,
  policies: ReadonlyMap<string, readonly Policy[]>,
  stated: StatedSas,
  nextSpi: NextSpi,
): ManualSa[] {
  const sas = new Map<string, ManualSa>();
  for (const { nodes, secret, suites, place } of keyings.all) {
    let isUsed = false;
    for (const [sender, receiver] of [nodes, [nodes[1], nodes[0]] as const]) {
      const receiving = sidesOf(policies.get(receiver) ?? [], 'inbound');
      for (const side of sidesOf(policies.get(sender) ?? [], 'outbound')) {
        if (side.policy.tunnel !== null) isUsed ||= side.transform.peer === receiver;
        if (side.policy.tunnel !== null) continue;
        for (const ends of endsTo(scope, side.transform, receiver)) {
          const other = receiving.find(candidate => isCounterpart(side.transform, candidate.transform, ends));
          if (other === undefined || isStated(stated.get(sender) ?? [], side.transform, ends)) continue;
          isUsed = true;
          const { protocol, mode, requestId } = side.transform;
          const suite = side.transform.suites[0] ?? other.transform.suites[0] ?? suites[protocol];
          for (const flow of flowsOf(side)) {
            if (flow !== null && mode === 'transport' && !isUniqueFlow(flow.here, ends)) continue;
            const key = JSON.stringify([sender, receiver, protocol, mode, ends, requestId, flow?.here ?? null]);
            if (secret === null || sas.has(key)) continue;
            const from = sharedEnd(side, ends, flow?.here ?? null);
            const to = sharedEnd(other, ends, flow?.there ?? null);
            sas.set(key, { protocol, mode, suite, esn: false, from, to, spi: nextSpi(), secret });
          }
        }
      }
    }
    const areFilesRead = nodes.every(name => scope.nodes.get(name)?.text?.complete === true);
    if (isUsed || !areFilesRead || scope.report.count > 0) continue;
    const message = `no policy of a native file asks for SAs between ${nodes.map(quoted).join(' and ')}`;
    scope.report.error(place, message, 'remove the keying; policies of the topology itself name their key');
  }
  return [...sas.values()];
}

/** Without an SA a policy with level `require` lets nothing through, which nobody writes a file for. */
export function reportKeyless(
  policies: ReadonlyMap<string, readonly Policy[]>,
  sas: readonly ManualSa[],
  stated: StatedSas,
): void {
  for (const [node, own] of policies) {
    for (const { policy, transform } of [...sidesOf(own, 'inbound'), ...sidesOf(own, 'outbound')]) {
      if (transform.level === 'use' || policy.negotiation !== null) continue;
      const serves = ({ protocol, mode }: Pick<ManualSa, 'protocol' | 'mode'>) =>
        protocol === transform.protocol && mode === transform.mode;
      const isKeyed = sas.some(sa => serves(sa) && (sa.from.node === node || sa.to.node === node));
      const isStated = (stated.get(node) ?? []).some(sa => serves({ protocol: sa.protocol ?? 'esp', mode: sa.mode }));
      if (isKeyed || isStated) continue;
      const what = `${transform.protocol.toUpperCase()} in ${transform.mode} mode`;
      const peer = transform.peer ?? 'bob';
      const fix = `add keying: [{ between: [${node}, ${peer}], key: … }] to the topology, and the mirror of the policy to ${peer}`;
      policy.complain(`nobody has keys for the ${what} that this asks for`, fix);
    }
  }
}

function sidesOf(policies: readonly Policy[], way: 'inbound' | 'outbound'): Side[] {
  return policies
    .filter(({ model, origin }) => origin === 'native file' && (model.direction === 'both' || model.direction === way))
    .flatMap(policy => {
      const { action } = policy.model;
      if (action.kind !== 'protect') return [];
      return action.transforms.map((transform, index) => ({ policy, transform, index }));
    });
}

/** null: one SA for all flows. */
function flowsOf({ policy }: Side): readonly (UniqueFlow | null)[] {
  const { model } = policy;
  if (model.action.kind !== 'protect' || model.action.sharing === 'shared') return [null];
  const flows = mirrorFlows(model);
  if (flows.length === 0) {
    const message = 'an SA for each flow: keys from the topology are made before any flow is seen';
    policy.complain(message, 'select single addresses and ports of one protocol, or write sa shared');
  }
  return flows;
}

/** Those of its ends that are addresses of the receiver. */
function endsTo(scope: Scope, transform: TopologyTransform, receiver: string): SaEnds[] {
  const node = scope.nodes.get(receiver);
  if (node === undefined) return [];
  const theirs = new Set([...addressesOf(node, 4), ...addressesOf(node, 6)].map(formatAddress));
  return transform.ends.filter(({ remote }) => theirs.has(remote));
}

function isCounterpart(sending: TopologyTransform, receiving: TopologyTransform, ends: SaEnds): boolean {
  return (
    sending.protocol === receiving.protocol &&
    sending.mode === receiving.mode &&
    receiving.ends.some(({ local, remote }) => local === ends.remote && remote === ends.local)
  );
}

/** Whether the file itself has an SA for it. */
function isStated(
  stated: readonly SaConfig[],
  { protocol, mode }: TopologyTransform,
  { local, remote }: SaEnds,
): boolean {
  return stated.some(
    sa =>
      sa.direction === 'outbound' &&
      (sa.protocol ?? 'esp') === protocol &&
      sa.mode === mode &&
      sa.source === local &&
      sa.destination === remote,
  );
}

function sharedEnd(
  { policy, transform }: Side,
  { local, remote }: SaEnds,
  selector: ManualSaEnd['selector'],
): ManualSaEnd {
  const { requestId, windowPackets, lifetime } = transform;
  return {
    node: policy.node,
    policy: null,
    transform: 0,
    requestId,
    source: local,
    destination: remote,
    selector,
    windowPackets,
    lifetime,
    trafficFlow: null,
    encapsulation: null,
    outer: {},
  };
}
