import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ahSuite, integrityKeyOctets } from '../../engine/crypto/ah-suite.ts';
import { espSuite } from '../../engine/crypto/esp-suite.ts';
import { deriveSas } from './keys.ts';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { openTopology } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';

function good(result: { readonly topology: Topology | null }): Topology {
  if (result.topology === null) throw new Error('the topology has errors');
  return result.topology;
}

const siteToSite = good(openTopology('site-to-site-manual'));
const everything = good(loadTopology('everything.yaml', EVERYTHING));
const keysOf = (topology: Topology, run: string, generations = {}) => deriveSas(topology, run, generations).keys;

/** RFC 5869 §2 in its own words, to hold node:crypto's hkdfSync and our use of it against. */
function hkdf(secret: string, salt: string, info: string, octets: number): Buffer {
  const prk = createHmac('sha256', salt).update(secret).digest();
  const blocks: Buffer[] = [];
  for (let i = 1; Buffer.concat(blocks).length < octets; i += 1) {
    const before = blocks.at(-1) ?? Buffer.alloc(0);
    blocks.push(createHmac('sha256', prk).update(before).update(info).update(Uint8Array.of(i)).digest());
  }
  return Buffer.concat(blocks).subarray(0, octets);
}

describe('keys from the secrets of a topology', () => {
  test('are HKDF-SHA-256 of the secret, the run, and what the SA is', () => {
    const info = 'ipsec-lab ESP\nalice\nv4_bob0\nbob\naes256gcm16\n4096\n0\n0';
    const expected = hkdf('correct horse battery staple, in the lab only', 'seed 7', info, 36);
    expect(keysOf(siteToSite, 'seed 7')[0]).toEqual({
      source: '1.2.3.4',
      destination: '5.6.7.8',
      spi: 0x1000,
      suite: 'aes256gcm16',
      encryptionKey: expected.toString('hex'),
      integrityKey: '',
      esn: false,
    });
  });

  test('both ends of an SA have the same, outbound here and inbound there', () => {
    const { nodes, keys } = deriveSas(everything, 'run', {});
    const all = [...nodes.values()].flat();
    const derived = keys.filter(({ spi }) => everything.sas.some(sa => sa.spi === spi));
    expect(all).toHaveLength(2 * derived.length + everything.nodes.flatMap(({ sas }) => sas).length);
    for (const { spi, encryptionKey, integrityKey, source, destination } of derived) {
      const ends = all.filter(sa => sa.spi === spi);
      expect(ends.map(({ direction }) => direction).toSorted()).toEqual(['inbound', 'outbound']);
      for (const end of ends) expect(end).toMatchObject({ encryptionKey, integrityKey, source, destination });
    }
    const [north] = nodes.get('north')?.filter(({ direction }) => direction === 'inbound') ?? [];
    const [hub] = nodes.get('hub')?.filter(({ direction }) => direction === 'inbound') ?? [];
    expect([north?.windowPackets, hub?.windowPackets]).toEqual([0, 128]); // each end says how it watches for replays
  });

  test('are as long as the suite wants, and SPIs are unique and not reserved', () => {
    const keys = keysOf(everything, 'run');
    for (const { protocol, suite: name, encryptionKey, integrityKey, spi } of keys) {
      const [suite, ah] = protocol === 'ah' ? [null, ahSuite(name)] : [espSuite(name), null];
      const octets = (suite?.encryption.keyOctets ?? 0) + (suite?.encryption.saltOctets ?? 0);
      expect(suite ?? ah).not.toBeNull();
      expect(encryptionKey).toMatch(new RegExp(`^[0-9a-f]{${2 * octets}}$`));
      const own = ah === null ? (suite?.integrity?.keyOctets ?? 0) : integrityKeyOctets(ah);
      expect(integrityKey).toHaveLength(2 * own);
      expect(spi).toBeGreaterThanOrEqual(0x100);
    }
    expect(new Set(keys.map(({ spi }) => spi)).size).toBe(keys.length);
  });

  test('are never used again: not by another run, direction or generation', () => {
    const derived = [
      keysOf(everything, 'run'),
      keysOf(everything, 'another run'),
      keysOf(everything, 'run', { hub: 1 }),
      keysOf(everything, 'run', { hub: 2 }),
      keysOf(everything, 'run', { hub: 1, north: 1 }),
      keysOf(everything, 'run', { south: 1 }),
    ];
    // SAs between two nodes that did not restart are the same ones: those are counted once.
    const ofKey = ({ encryptionKey, integrityKey }: (typeof derived)[0][0]) => encryptionKey + integrityKey;
    const distinct = new Set(derived.flat().map(sa => `${sa.spi} ${ofKey(sa)}`));
    const keys = new Set(derived.flat().map(ofKey));
    expect(keys.size).toBe(distinct.size);
    const perRun = new Map(
      derived
        .slice(2)
        .flat()
        .map(({ spi, encryptionKey }) => [spi, encryptionKey]),
    );
    for (const { spi, encryptionKey } of derived.slice(2, 5).flat())
      expect(perRun.get(spi) ?? encryptionKey).toBeDefined();
  });

  test('a restart changes the SAs of the node that restarted, on both ends, and no others', () => {
    const before = keysOf(everything, 'run');
    const after = keysOf(everything, 'run', { south: 1 });
    const isChanged = before.map((sa, i) => sa.spi !== after[i]?.spi && sa.encryptionKey !== after[i]?.encryptionKey);
    const isSouths = before.map(({ source, destination }) => [source, destination].includes('2001:db8:0:2::2'));
    expect(isChanged).toEqual(isSouths);
    expect(isSouths.filter(is => is)).toHaveLength(2);
  });

  test('a seed gives the same keys each time', () => {
    expect(keysOf(everything, 'seed 7')).toEqual(keysOf(everything, 'seed 7'));
  });

  test('generations of names that every object has are not read from it', () => {
    expect(() => deriveSas(siteToSite, 'run', { alice: -1 })).toThrow('bad generation');
    expect(() => deriveSas(siteToSite, 'run', { alice: 70_000 })).toThrow('70000 generations');
  });
});
