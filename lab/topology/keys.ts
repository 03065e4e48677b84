import { hkdfSync } from 'node:crypto';
import { espSuite } from '../../engine/crypto/esp-suite.ts';
import type { SaConfig } from '../../engine/node/config.ts';
import type { EspSaKeys } from '../capture/key-log.ts';
import type { ManualSaPair, Topology, TopologyPolicy } from './model.ts';

/** Restarts of each node so far, by name; absent is 0. */
export type Generations = Readonly<Record<string, number>>;

export interface DerivedSas {
  /** For `nodeConfig()`: the inbound and outbound SAs of each node, by name. Nodes without any are not in it. */
  readonly nodes: ReadonlyMap<string, readonly SaConfig[]>;
  /** The same SAs once each, for decryption. */
  readonly keys: readonly EspSaKeys[];
}

/** The upper half of an SPI counts generations, so that no SPI comes back in a run. */
const SPI_GENERATION_STEP = 0x10000;
const GENERATIONS_MAX = 0xfffe;

type Protect = Extract<TopologyPolicy['action'], { kind: 'protect' }>;

/**
 * The SAs of a topology with keys from its secrets: HKDF-SHA-256 (RFC 5869) of the secret, salted with the run's own secret,
 * for each direction and generation. No two runs share a key, nor does a node that lost its sequence numbers in a restart
 * use one again: the IVs of AES-GCM count from 1. The SAs of a pair belong to the restarts of both nodes together.
 * Throws on a topology that did not come from the loader, and after 65534 restarts.
 */
export function deriveSas(topology: Topology, runSecret: string, generations: Generations): DerivedSas {
  const nodes = new Map<string, SaConfig[]>();
  const keys: EspSaKeys[] = [];
  const give = (node: string, sa: SaConfig) => nodes.set(node, [...(nodes.get(node) ?? []), sa]);
  for (const pair of topology.sas) {
    for (const direction of [0, 1] as const) {
      const sender = pair.nodes[direction];
      const receiver = pair.nodes[direction === 0 ? 1 : 0];
      const common = deriveSa(topology, pair, direction, runSecret, generations);
      const sending = protectOf(topology, sender, pair.policies[direction]);
      const receiving = protectOf(topology, receiver, pair.policies[direction === 0 ? 1 : 0]);
      give(sender, {
        ...common,
        policy: pair.policies[direction],
        direction: 'outbound',
        windowPackets: sending.windowPackets,
      });
      give(receiver, {
        ...common,
        policy: pair.policies[direction === 0 ? 1 : 0],
        direction: 'inbound',
        windowPackets: receiving.windowPackets,
      });
      const { source, destination, spi, suite, encryptionKey, integrityKey, esn } = common;
      keys.push({ source, destination, spi, suite, encryptionKey, integrityKey, esn });
    }
  }
  return { nodes, keys };
}

type CommonSa = Omit<SaConfig, 'policy' | 'direction' | 'windowPackets'>;

function deriveSa(
  topology: Topology,
  pair: ManualSaPair,
  direction: 0 | 1,
  runSecret: string,
  generations: Generations,
): CommonSa {
  const sender = pair.nodes[direction];
  const receiver = pair.nodes[direction === 0 ? 1 : 0];
  const policy = protectOf(topology, sender, pair.policies[direction]);
  const [suiteName = ''] = policy.esp;
  const suite = espSuite(suiteName);
  if (suite === null) throw new Error(`policy ${pair.policies[direction]} of ${sender} has no known ESP suite`);
  const [first, second] = pair.nodes.map(node => generationOf(generations, node));
  const generation = (first ?? 0) + (second ?? 0);
  if (generation > GENERATIONS_MAX)
    throw new Error(`the SAs of ${pair.nodes.join(' and ')} had ${generation} generations`);
  const encryptionOctets = suite.encryption.keyOctets + suite.encryption.saltOctets;
  const integrityOctets = suite.integrity?.keyOctets ?? 0;
  const info = [
    'ipsec-lab ESP',
    sender,
    pair.policies[direction],
    receiver,
    suiteName,
    pair.spis[direction],
    first,
    second,
  ].join('\n');
  const material = Buffer.from(hkdfSync('sha256', pair.secret, runSecret, info, encryptionOctets + integrityOctets));
  return {
    spi: pair.spis[direction] + generation * SPI_GENERATION_STEP,
    mode: policy.mode,
    source: policy.local,
    destination: policy.remote,
    suite: suiteName,
    encryptionKey: material.toString('hex', 0, encryptionOctets),
    integrityKey: material.toString('hex', encryptionOctets),
    esn: policy.esn,
  };
}

function generationOf(generations: Generations, node: string): number {
  const generation = Object.hasOwn(generations, node) ? generations[node] : 0;
  if (generation === undefined || !Number.isInteger(generation) || generation < 0)
    throw new Error(`bad generation of ${node}`);
  return generation;
}

function protectOf(topology: Topology, node: string, name: string): Protect {
  const policies = topology.nodes.find(candidate => candidate.name === node)?.policies ?? [];
  const action = policies.find(policy => policy.name === name)?.action;
  if (action?.kind !== 'protect') throw new Error(`${node} has no PROTECT policy ${name}`);
  return action;
}
