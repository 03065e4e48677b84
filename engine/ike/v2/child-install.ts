import type { SaInput } from '../../ipsec/sa-input.ts';
import type { SaMode } from '../../ipsec/sa.ts';
import type { NodeCommand } from '../../node/node.ts';
import { formatSpi } from '../../wire/spi.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { ChildConfig, ConnectionConfig } from '../config.ts';
import type { IkeEvent } from '../daemon.ts';
import type { ChildKeys, SaKeys } from './child-keys.ts';
import { type ChildLifetime, childLifetime } from './child-lifetime.ts';
import { type ChildPlace, saPlace } from './child-place.ts';
import type { ChildOrigin, ChildSa } from './child-sa.ts';
import { formatSelector, saSelectors } from './sa-selector.ts';
import type { World } from './step.ts';
import { type ChildSuite, childSuiteName, saSuiteName } from './suite.ts';
import { areEqual, isStatic, selectorsOf } from './traffic-selectors.ts';

/** What both ends have agreed on. */
export interface AgreedChild {
  readonly config: ChildConfig;
  readonly suite: ChildSuite;
  readonly mode: SaMode;
  /** `spiOut` is the peer's. */
  readonly spiIn: number;
  readonly spiOut: number;
  /** From this node's side. */
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  /** ESP_TFC_PADDING_NOT_SUPPORTED, RFC 7296 §1.3.1. */
  readonly peerTakesPadding: boolean;
  /** What IKEv1 has agreed on; absent: each end for itself, by its configuration. */
  readonly lifetime?: ChildLifetime;
}

/** The Child SA as a value. Nothing is installed by it: `installCommands` are for that. */
export function createChildSa(
  agreed: AgreedChild,
  keys: ChildKeys,
  origin: ChildOrigin,
  place: ChildPlace,
  connection: ConnectionConfig,
  world: Pick<World, 'now' | 'random' | 'newId'>,
): ChildSa {
  const { config, suite, spiIn, spiOut, local, remote } = agreed;
  const lifetime = agreed.lifetime ?? childLifetime(config, connection, world.random, world.now);
  const { limits, rekeyAt, expiresAt } = lifetime;
  const [ours, theirs] = origin.madeBy === 'us' ? [keys.initiator, keys.responder] : [keys.responder, keys.initiator];
  const common = {
    policy: config.policy,
    transform: config.transform,
    requestId: config.requestId,
    protocol: suite.protocol,
    mode: agreed.mode,
    suite: saSuiteName(suite),
    esn: suite.esn,
    windowPackets: config.windowPackets,
    selector: isWholePolicy(agreed) ? null : saSelectors(local, remote),
    lifetime: limits,
    outer: config.outer,
  };
  const { trafficFlow } = config;
  const padToOctets = agreed.peerTakesPadding && agreed.mode === 'tunnel' ? (trafficFlow?.padToOctets ?? null) : null;
  return {
    id: world.newId(),
    config,
    state: 'installed',
    spiIn,
    spiOut,
    inbound: { ...common, spi: spiIn, ...keysInHex(theirs), ...saPlace(place, 'inbound') },
    outbound: {
      ...common,
      spi: spiOut,
      ...keysInHex(ours),
      ...saPlace(place, 'outbound'),
      trafficFlow: trafficFlow === null ? null : { ...trafficFlow, padToOctets },
    },
    isOutboundInstalled: false,
    suite: childSuiteName(suite),
    local,
    remote,
    installedAt: world.now,
    rekeyAt,
    expiresAt,
    origin,
  };
}

type Halves = Pick<ChildSa, 'inbound' | 'outbound'>;
type Described = Pick<ChildSa, 'local' | 'remote' | 'spiIn' | 'spiOut' | 'config' | 'suite'>;

/** To the node, one half; for both the inbound one comes first: the peer may answer what leaves at once. */
export function installCommand(child: Halves, direction: 'inbound' | 'outbound'): NodeCommand {
  return { kind: 'installSa', sa: { ...child[direction], direction } };
}

export function removeCommand(
  sa: Pick<SaInput, 'spi' | 'protocol' | 'source' | 'destination'>,
  direction: 'inbound' | 'outbound',
): NodeCommand {
  const { spi, protocol = 'esp', source, destination } = sa;
  return { kind: 'deleteSa', spi, direction, only: { protocol, source, destination } };
}

/** Both halves where they are installed. */
export function removeCommands(child: Halves & Pick<ChildSa, 'isOutboundInstalled'>): NodeCommand[] {
  const outbound = child.isOutboundInstalled ? [removeCommand(child.outbound, 'outbound')] : [];
  return [...outbound, removeCommand(child.inbound, 'inbound')];
}

export function childEvent(kind: IkeEvent['kind'], connection: ConnectionConfig, child: Described): IkeEvent {
  const ends = `${child.local.map(formatSelector).join(', ')} = ${child.remote.map(formatSelector).join(', ')}`;
  const spis = `in ${formatSpi(child.spiIn)} out ${formatSpi(child.spiOut)}`;
  return { kind, connection: connection.name, detail: `${child.config.name}: ${spis} ${child.suite} ${ends}` };
}

/** Whether the SAs are for all that their policy is for: what configuration says, and nothing that is known only now. */
function isWholePolicy({ config, local, remote }: AgreedChild): boolean {
  return (
    isStatic(config.local) &&
    isStatic(config.remote) &&
    areEqual(local, selectorsOf(config.local, [])) &&
    areEqual(remote, selectorsOf(config.remote, []))
  );
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

function keysInHex({ encryption, integrity }: SaKeys): Pick<SaInput, 'encryptionKey' | 'integrityKey'> {
  return { encryptionKey: hex(encryption), integrityKey: hex(integrity) };
}
