import { expect, test } from 'vitest';
import type { LabNodeStatus } from '../supervisor/api.ts';
import { createNodes } from '../topology/testing/nodes.ts';
import { openTopology } from '../topology/shipped.ts';
import { filterTable, policyTable, saTable, selectorText } from './ipsec-text.ts';

/** As the nodes say it themselves, before the first packet. */
function statuses(name: string): LabNodeStatus[] {
  const { topology } = openTopology(name);
  if (topology === null) throw new Error(name);
  const nodes = createNodes(topology);
  return topology.nodes.flatMap(({ name: node, kind, engine }) => {
    const status = nodes.get(node)?.status();
    return status === undefined ? [] : [{ ...status, kind, engine, condition: 'up' as const, ike: null }];
  });
}

const ANY = { local: 'any', remote: 'any', protocol: 'any', localPort: 'any', remotePort: 'any' } as const;

test.each([
  [ANY, 'any <-> any'],
  [{ ...ANY, direction: 'inbound' }, 'any <- any'],
  [
    { ...ANY, local: ['10.0.0.1/32', '10.0.0.5-10.0.0.9'], remote: '2001:db8::1/128' },
    '10.0.0.1,10.0.0.5-10.0.0.9 <-> 2001:db8::1',
  ],
  [
    {
      ...ANY,
      protocol: 6,
      localPort: [
        [80, 80],
        [8000, 8099],
      ],
    },
    'tcp any port 80,8000-8099 <-> any',
  ],
  [{ ...ANY, protocol: 17, remotePort: 'opaque' }, 'udp any <-> any port opaque'],
  [
    {
      ...ANY,
      protocol: 1,
      icmp: [
        [0x0800, 0x08ff],
        [0x0304, 0x0304],
      ],
    },
    'icmp 8,3/4 any <-> any',
  ],
  [{ ...ANY, protocol: 'opaque' }, 'opaque any <-> any'],
] as const)('selector %#: %s', (config, text) => {
  expect(selectorText(config)).toBe(text);
});

test('policies of a mesh: who, in which direction, by what, and how often', () => {
  const lines = policyTable(statuses('transport-mesh')).filter(line => line.includes(' alice '));
  expect(lines.map(line => line.split(/ {2,}/))).toEqual(
    expect.arrayContaining([
      ['setkey.conf:4', 'alice', 'node', '192.168.33.11 -> 192.168.33.12', 'protect esp/transport/require', '0'],
      ['setkey.conf:otherwise', 'alice', 'node', 'any <-> any', 'bypass', '0'],
    ]),
  );
});

test('SAs: protocol, mode, window and lifetime, and whether they are a relic', () => {
  const [, ...rows] = saTable(statuses('ah-pair'), 'with counters').map(line => line.split(/ {2,}/));
  const ah = rows.find(
    row => row[1] === 'bob' && row[2] === 'inbound' && row[7]?.includes('esn') === false && row[4] === 'ah transport',
  );
  expect(ah?.slice(4, 8)).toEqual(['ah transport', 'sha256', '64', '-']);
  expect(saTable(statuses('ah-pair'), 'without counters')[0]).not.toContain('WINDOW');
  const [status] = statuses('ah-pair');
  const [sa] = status?.sas ?? [];
  if (status === undefined || sa === undefined) throw new Error('no SA');
  const worn = {
    ...sa,
    suite: '3des-md5',
    legacy: true,
    direction: 'outbound',
    encapsulation: '4500 > 61000',
    octets: 500,
    packets: 3,
    ageSeconds: 12.7,
    lifetime: {
      soft: { seconds: 60, octets: null, packets: 10 },
      hard: { seconds: 3600, octets: 1000, packets: null },
    },
  } as const;
  const line = saTable([{ ...status, sas: [worn] }], 'with counters')[1];
  expect(line).toMatch(/udp 4500 > 61000 +3des-md5 \(legacy\) +- +12\/3600s 500\/1000 octets 3\/10 packets/);
});

test('rules of a filter as their file has them', () => {
  const rules = filterTable(statuses('filter-gateway')).filter(line => line.includes(' alice '));
  expect(rules).toHaveLength(14);
  expect(rules[0]).toMatch(/^block in on v4_bob0 all +ipf.conf:2 +alice +in +0 +0$/);
  expect(rules[6]).toMatch(/^block in on v4_bob0 all +ipf6.conf:2 +alice +in +0 +0$/);
});
