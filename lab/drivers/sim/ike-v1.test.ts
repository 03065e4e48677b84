import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { loadTopology } from '../../topology/load.ts';
import { openSim } from './testing/sim-scene.ts';

/** Alice, alone, and Bob with a network behind him, by what `ike:` of each says. */
const text = (alice: string, bob: string, local = 'local: 192.0.2.1, ', remote = 'remote: 192.0.2.1') => `
name: old
secrets: { v1: "long enough for anybody", carol: "long enough for carol" }
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24] } }
    routes: [{ to: 10.0.1.0/24, via: 192.0.2.2 }]
    ike: { version: 1, auth: { psk: "\${secrets.v1}" }, ${alice} }
    policy: [{ ${local}remote: 10.0.1.0/24, protect: { mode: tunnel, peer: bob, esp: aes256-sha256 } }]
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.2/24] }, net1: { addresses: [10.0.1.1/24] } }
    routes: [{ to: 10.9.0.0/24, via: 192.0.2.1 }]
    ike: { version: 1, auth: { psk: "\${secrets.v1}" }, ${bob} }
    policy: [{ local: 10.0.1.0/24, ${remote}, protect: { mode: tunnel, peer: alice, esp: aes256-sha256, start: none } }]
links:
  wan: { endpoints: ["alice:net0", "bob:net0"] }
`;

async function pinged(topologyText: string) {
  const { topology, diagnostics } = loadTopology('t.yaml', topologyText);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const scene = await openSim(topology);
  await scene.lab.sleep(3000);
  const { stdout } = await scene.run('alice', 'ping -c 3 10.0.1.1');
  const all = await scene.lab.ike();
  const events = scene.events.map(({ node, kind, detail }) => `${node} ${kind} ${detail}`);
  await scene.lab.down();
  return { stdout, alice: all[0]?.status.sas[0] ?? null, bob: all[1]?.status.sas[0] ?? null, events };
}

const VIRTUAL = ['', 'remote: 10.9.0.0/24'] as const;

describe('ike: { version: 1 } in the simulator', () => {
  test.each([
    ['Main Mode', '', '', []],
    ['Aggressive Mode, which Bob accepts', 'mode: aggressive', 'accepts: [main, aggressive]', []],
    [
      'groups and hashes of other sizes, with PFS',
      'proposals: aes128-sha512-ecp384',
      'proposals: [aes256-sha256-modp2048, aes128-sha512-ecp384]',
      [],
    ],
    ['as if there were a NAT', 'nat-traversal: always', '', []],
    ['in UDP everywhere', 'encapsulation: always', '', []],
    [
      'XAuth, and an address from a pool',
      'start: start, request: v4, xauth: { user: carol, password: "${secrets.carol}" }',
      'xauth: { users: { carol: "${secrets.carol}" } }, pools: staff, address-pools: { staff: { addresses: 10.9.0.0/24 } }',
      VIRTUAL,
    ],
    [
      'an address that is pushed',
      'start: start, request: v4, mode-config: push',
      'mode-config: push, pools: staff, address-pools: { staff: { addresses: 10.9.0.0/24 } }',
      VIRTUAL,
    ],
  ] as const)('%s', async (_, alice, bob, [local, remote]) => {
    const found = await pinged(text(alice, bob, local, remote));
    expect([found.stdout, ...found.events].join('\n')).toContain('3 packets transmitted, 3 received');
    expect(found.alice).toMatchObject({ version: 1, state: 'established' });
    expect(found.alice?.virtualAddresses ?? []).toHaveLength(local === '' ? 1 : 0);
    expect(found.bob).toMatchObject({ version: 1, children: [{ mode: 'tunnel' }] });
  });

  test('Aggressive Mode is not answered by who was not asked to', async () => {
    const { stdout, bob } = await pinged(text('mode: aggressive', ''));
    expect(stdout).toContain('0 received');
    expect(bob).toBeNull();
  });
});
