import { describe, expect, test } from 'vitest';
import { loadTopology } from './load.ts';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import type { ProtectedFlow } from './model.ts';
import { openTopology } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';

function flowsOf(text: string): readonly ProtectedFlow[] {
  const { topology, diagnostics } = loadTopology('flows.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return topology.protectedFlows;
}

const shown = (flows: readonly ProtectedFlow[]) => flows.map(({ a, b, links }) => `${a} <-> ${b}: ${links.join(' ')}`);

/** Two gateways, a host behind each, one wire between them, and what a test adds. */
function gateways(parts: { alice: string; bob: string; more?: string; links?: string }): string {
  return `
name: flows
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24] }, net1: { addresses: [10.0.0.1/24] }, net2: { addresses: [10.9.0.1/24] } }
${parts.alice}
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.2/24] }, net1: { addresses: [10.0.1.1/24] }, net2: { addresses: [10.9.1.1/24] } }
${parts.bob}
  a1: { kind: host, interfaces: { eth0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } } }
  b1: { kind: host, interfaces: { eth0: { addresses: [10.0.1.2/24], gateway: 10.0.1.1 } } }
${parts.more ?? ''}
links:
  lan-a: { endpoints: ["a1:eth0", "alice:net1"] }
  wan: { endpoints: ["alice:net0", "bob:net0"] }
  lan-b: { endpoints: ["bob:net1", "b1:eth0"] }
${parts.links ?? ''}
`;
}

const PROTECT = 'protect: { esp: [aes256gcm16], key: "only in the lab" }';
const TUNNEL_A = '    tunnels: { v4_bob0: { remote: bob, routes: [10.0.1.0/24] } }\n    policy:\n';
const TUNNEL_B = '    tunnels: { v4_alice0: { remote: alice, routes: [10.0.0.0/24] } }\n    policy:\n';
const ALICE = `${TUNNEL_A}      - { tunnel: v4_bob0, ${PROTECT} }`;
const BOB = `${TUNNEL_B}      - { tunnel: v4_alice0, ${PROTECT} }`;

describe('flows that the policies promise to hide', () => {
  test('site-to-site: both families, armed where the internet is', () => {
    expect(openTopology('site-to-site').topology?.protectedFlows).toEqual([
      { a: '10.0.0.0/24', b: '10.0.1.0/24', links: ['wan', 'wan-bob'], because: 'policy v4_bob0 of alice' },
      {
        a: '2001:470:24:c66::/64',
        b: '2001:470:24:c67::/64',
        links: ['wan', 'wan-bob'],
        because: 'policy v4_bob0 of alice',
      },
    ]);
  });

  test('transport-pair: the two addresses, on every link', () => {
    expect(shown(openTopology('transport-pair').topology?.protectedFlows ?? [])).toEqual([
      '192.0.2.1/32 <-> 192.0.2.2/32: wan',
      '2001:db8::1/128 <-> 2001:db8::2/128: wan',
    ]);
  });

  test('clear: none', () => {
    expect(openTopology('clear').topology?.protectedFlows).toEqual([]);
  });

  test('every inner network of a gateway is behind its tunnel', () => {
    expect(shown(flowsOf(gateways({ alice: ALICE, bob: BOB })))).toEqual([
      '10.0.0.0/24 <-> 10.0.1.0/24: wan',
      '10.9.0.0/24 <-> 10.0.1.0/24: lan-a wan', // the other network of alice is none of its business
      '10.9.1.0/24 <-> 10.0.0.0/24: wan lan-b',
    ]);
  });

  test('selectors of the policy narrow it', () => {
    const alice = `${TUNNEL_A}      - { tunnel: v4_bob0, local: 10.0.0.0/25, remote: 10.0.1.0/24, ${PROTECT} }`;
    const bob = `${TUNNEL_B}      - { tunnel: v4_alice0, local: 10.0.1.0/24, remote: 10.0.0.0/25, ${PROTECT} }`;
    expect(shown(flowsOf(gateways({ alice, bob })))).toEqual(['10.0.0.0/25 <-> 10.0.1.0/24: wan']);
  });

  test('a router deep inside a site is inside', () => {
    const more = `  deep: { kind: router, interfaces: { up: { addresses: [10.9.0.2/24] }, down: { addresses: [172.16.0.1/24] } } }
  d1: { kind: host, interfaces: { eth0: { addresses: [172.16.0.2/24] } } }`;
    const links =
      '  lan-deep: { endpoints: ["deep:up", "alice:net2"] }\n  lan-deeper: { endpoints: ["deep:down", "d1:eth0"] }';
    const [first, second] = flowsOf(gateways({ alice: ALICE, bob: BOB, more, links }));
    expect(second?.links).toEqual(['lan-a', 'wan']); // 10.9.0.0/24 is at home on both links of `deep`
    expect(first?.links).toEqual(['wan', 'lan-deep', 'lan-deeper']); // 10.0.0.0/24 has no business there
  });

  test('a way around the gateways is outside, though hosts of both sites are on it', () => {
    const more = '  back: { kind: router, interfaces: { a: {}, b: {} } }';
    const withDoors = gateways({ alice: ALICE, bob: BOB, more })
      .replace('a1: { kind: host, interfaces: {', 'a1: { kind: host, interfaces: { door: {},')
      .replace('b1: { kind: host, interfaces: {', 'b1: { kind: host, interfaces: { door: {},')
      .concat('  door-a: { endpoints: ["a1:door", "back:a"] }\n  door-b: { endpoints: ["b1:door", "back:b"] }\n');
    expect(flowsOf(withDoors)[0]?.links).toEqual(['wan', 'door-a', 'door-b']);
  });

  test('a policy for one protocol promises nothing about whole networks, nor one after a bypass of the same', () => {
    const narrow = (own: string, tunnel: string) => `${own}      - { tunnel: ${tunnel}, proto: tcp, ${PROTECT} }`;
    expect(flowsOf(gateways({ alice: narrow(TUNNEL_A, 'v4_bob0'), bob: narrow(TUNNEL_B, 'v4_alice0') }))).toEqual([]);
    const alice = `${TUNNEL_A}      - { tunnel: v4_bob0, proto: icmp, bypass: true }\n      - { tunnel: v4_bob0, ${PROTECT} }`;
    const bob = `${TUNNEL_B}      - { tunnel: v4_alice0, proto: icmp, bypass: true }\n      - { tunnel: v4_alice0, ${PROTECT} }`;
    expect(flowsOf(gateways({ alice, bob }))).toEqual([]);
  });

  test('tunnel mode without a tunnel interface', () => {
    const protect = PROTECT.replace('{ ', '{ mode: tunnel, peer: PEER, ');
    const alice = `    policy:\n      - { local: 10.0.0.0/24, remote: 10.0.1.0/24, ${protect.replace('PEER', 'bob')} }`;
    const bob = `    policy:\n      - { local: 10.0.1.0/24, remote: 10.0.0.0/24, ${protect.replace('PEER', 'alice')} }`;
    expect(shown(flowsOf(gateways({ alice, bob })))).toEqual(['10.0.0.0/24 <-> 10.0.1.0/24: wan']);
  });
});

const both = (a: string, b: string, protect: string) =>
  gateways({
    alice: `    policy:\n      - { ${a}, protect: { mode: tunnel, peer: bob, key: "only in the lab", ${protect} } }`,
    bob: `    policy:\n      - { ${b}, protect: { mode: tunnel, peer: alice, key: "only in the lab", ${protect} } }`,
  });

const ways = (selectors: string, protect: string): string => `${selectors}, protect: { ${protect} }`;

describe('policies of every kind', () => {
  const A = 'local: 10.0.0.0/24, remote: 10.0.1.0/24';
  const B = 'local: 10.0.1.0/24, remote: 10.0.0.0/24';

  test.each([
    ['AH, which hides nothing', 'ah: sha256'],
    ['NULL encryption', 'esp: null-sha256'],
    ['GMAC in ESP', 'esp: aes128gmac'],
    ['level use, which may go without', 'esp: aes256gcm16, level: use'],
  ])('%s: none', (_what, protect) => {
    expect(flowsOf(both(A, B, protect))).toEqual([]);
  });

  test('a bundle hides what its ESP hides', () => {
    expect(shown(flowsOf(both(A, B, 'esp: aes256gcm16, ah: sha256')))).toEqual(['10.0.0.0/24 <-> 10.0.1.0/24: wan']);
  });

  test('lists and ranges, as prefixes', () => {
    const a = 'local: [10.0.0.1-10.0.0.3, 10.9.0.0/24], remote: 10.0.1.0/24';
    const b = 'local: 10.0.1.0/24, remote: [10.9.0.0/24, 10.0.0.1-10.0.0.3]';
    expect(shown(flowsOf(both(a, b, 'esp: aes256gcm16'))).map(text => text.split(' ')[0])).toEqual([
      '10.0.0.1/32',
      '10.0.0.2/31',
      '10.9.0.0/24',
    ]);
  });

  test('one direction promises nothing without the other', () => {
    const key = 'mode: tunnel, key: "only in the lab", esp: aes256gcm16';
    const alice = `    policy:\n      - { direction: out, ${ways(A, `${key}, peer: bob`)} }`;
    const bob = `    policy:\n      - { direction: in, ${ways(B, `${key}, peer: alice`)} }`;
    expect(flowsOf(gateways({ alice, bob }))).toEqual([]);
    const alice2 = `${alice}\n      - { direction: in, ${ways(A, `${key}, peer: bob`)} }`;
    const bob2 = `${bob}\n      - { direction: out, ${ways(B, `${key}, peer: alice`)} }`;
    expect(shown(flowsOf(gateways({ alice: alice2, bob: bob2 })))).toEqual(['10.0.0.0/24 <-> 10.0.1.0/24: wan']);
  });

  test('of a mesh by setkey.conf: where the level is require', () => {
    expect(shown(openTopology('transport-mesh').topology?.protectedFlows ?? [])).toEqual([
      '192.168.33.11/32 <-> 192.168.33.12/32: to-alice to-bob to-carol',
    ]);
  });

  test('of a tunnel by ipsecinit.conf: both families', () => {
    expect(shown(openTopology('filter-gateway').topology?.protectedFlows ?? [])).toEqual([
      '10.0.0.0/24 <-> 10.0.1.0/24: wan wan-bob',
      '2001:470:24:c66::/64 <-> 2001:470:24:c67::/64: wan wan-bob',
    ]);
  });
});

describe('flows that the file names', () => {
  test('are armed on the links that are not attached to their networks', () => {
    const clear = gateways({
      alice: TUNNEL_A.replace('    policy:\n', ''),
      bob: TUNNEL_B.replace('    policy:\n', ''),
    });
    const named = `${clear}protected: ["10.0.0.0/24 <-> 10.0.1.0/24"]\n`;
    expect(flowsOf(named)).toEqual([
      {
        a: '10.0.0.0/24',
        b: '10.0.1.0/24',
        links: ['wan'],
        because: expect.stringMatching(/^"protected" in line \d+$/),
      },
    ]);
  });

  test('come after those of the policies', () => {
    const flows = flowsOf(EVERYTHING);
    expect(flows.at(-1)?.because).toMatch(/protected/);
    expect(flows.length).toBeGreaterThan(2);
  });
});
