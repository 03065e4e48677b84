import { hkdfSync } from 'node:crypto';
import { ahSuite, integrityKeyOctets } from '../../engine/crypto/ah-suite.ts';
import { espSuite } from '../../engine/crypto/esp-suite.ts';
import type { SaConfig } from '../../engine/node/config.ts';
import type { EspSaKeys } from '../capture/key-log.ts';
import type { ManualSa, ManualSaEnd, Topology } from './model.ts';

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

/**
 * The SAs of a topology with keys from its secrets: HKDF-SHA-256 (RFC 5869) of the secret, salted with the run's own secret,
 * for each direction and generation. No two runs share a key, nor does a node that lost its sequence numbers in a restart
 * use one again: the IVs of AES-GCM count from 1. The SAs of a pair belong to the restarts of both nodes together. SAs whose
 * keys a native file has are the same in each run and generation.
 * Throws on a topology that did not come from the loader, and after 65534 restarts.
 */
export function deriveSas(topology: Topology, runSecret: string, generations: Generations): DerivedSas {
  const nodes = new Map<string, SaConfig[]>();
  const keys: EspSaKeys[] = [];
  const give = (node: string, sa: SaConfig) => nodes.set(node, [...(nodes.get(node) ?? []), sa]);
  for (const sa of topology.sas) {
    const common = deriveSa(sa, runSecret, generations);
    give(sa.from.node, { ...endOf(sa.from), ...common, direction: 'outbound' });
    give(sa.to.node, { ...endOf(sa.to), ...common, direction: 'inbound' });
    keys.push(...keysOf(common, [sa.from, sa.to]));
  }
  for (const node of topology.nodes) {
    for (const sa of node.sas) {
      give(node.name, sa);
      const known = keys.some(
        ({ spi, destination, protocol = 'esp' }) =>
          spi === sa.spi && destination === sa.destination && protocol === (sa.protocol ?? 'esp'),
      );
      if (!known) keys.push(...keysOfSa(sa));
    }
  }
  return { nodes, keys };
}

type DerivedSa = Pick<SaConfig, 'mode' | 'spi' | 'suite' | 'encryptionKey' | 'integrityKey' | 'esn'> & {
  readonly protocol: 'esp' | 'ah';
};

function endOf(end: ManualSaEnd): Omit<SaConfig, keyof DerivedSa | 'direction'> {
  const { policy, transform, requestId, source, destination, selector, windowPackets, lifetime, encapsulation } = end;
  const { outer, trafficFlow } = end;
  return {
    policy,
    transform,
    requestId,
    source,
    destination,
    selector,
    windowPackets,
    lifetime,
    encapsulation: encapsulation ?? null,
    outer,
    trafficFlow,
  };
}

/** What decrypts the packets of one SA as a node has it. */
export function keysOfSa(sa: SaConfig): readonly EspSaKeys[] {
  return keysOf({ ...sa, protocol: sa.protocol ?? 'esp' }, [sa]);
}

/** What decrypts its packets: once, or once for each side of a NAT. */
function keysOf(sa: DerivedSa, ends: readonly Pick<SaConfig, 'source' | 'destination'>[]): EspSaKeys[] {
  const { protocol, spi, suite, encryptionKey, integrityKey, esn } = sa;
  const key = { spi, suite, encryptionKey, integrityKey, esn, ...(protocol === 'ah' ? { protocol } : {}) };
  const views = new Map(ends.map(({ source, destination }) => [`${source} ${destination}`, { source, destination }]));
  return [...views.values()].map(view => ({ ...view, ...key }));
}

function deriveSa(sa: ManualSa, runSecret: string, generations: Generations): DerivedSa {
  const { protocol, mode, suite, esn, from, to, spi, secret } = sa;
  // Both directions count the restarts in the same order, that of the SPIs.
  const order = from.node < to.node ? [from.node, to.node] : [to.node, from.node];
  const [first = 0, second = 0] = order.map(node => generationOf(generations, node));
  const generation = first + second;
  if (generation > GENERATIONS_MAX) throw new Error(`the SAs of ${order.join(' and ')} had ${generation} generations`);
  const { encryptionOctets, integrityOctets } = keyOctets(sa);
  const what = protocol === 'esp' ? 'ipsec-lab ESP' : 'ipsec-lab AH';
  const info = [what, from.node, from.policy ?? '', to.node, suite, spi, first, second].join('\n');
  const material = Buffer.from(hkdfSync('sha256', secret, runSecret, info, encryptionOctets + integrityOctets));
  return {
    protocol,
    mode,
    spi: spi + generation * SPI_GENERATION_STEP,
    suite,
    encryptionKey: material.toString('hex', 0, encryptionOctets),
    integrityKey: material.toString('hex', encryptionOctets),
    esn,
  };
}

function keyOctets({ protocol, suite: name, from }: ManualSa): { encryptionOctets: number; integrityOctets: number } {
  if (protocol === 'ah') {
    const algorithm = ahSuite(name);
    if (algorithm === null) throw new Error(`policy ${from.policy ?? ''} of ${from.node} has no known algorithm of AH`);
    return { encryptionOctets: 0, integrityOctets: integrityKeyOctets(algorithm) };
  }
  const suite = espSuite(name);
  if (suite === null) throw new Error(`policy ${from.policy ?? ''} of ${from.node} has no known ESP suite`);
  const { keyOctets: key, saltOctets: salt } = suite.encryption;
  return { encryptionOctets: key + salt, integrityOctets: suite.integrity?.keyOctets ?? 0 };
}

function generationOf(generations: Generations, node: string): number {
  const generation = Object.hasOwn(generations, node) ? generations[node] : 0;
  if (generation === undefined || !Number.isInteger(generation) || generation < 0)
    throw new Error(`bad generation of ${node}`);
  return generation;
}
