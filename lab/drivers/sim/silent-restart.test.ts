import { expect, test } from 'vitest';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { loadTopology } from '../../topology/load.ts';
import { openSim, withFaults } from './testing/sim-scene.ts';

/** Two gateways that ask for nothing but what packets want, and would notice that the other is dead after an hour. */
const text = (version: 1 | 2) => `
name: forgetful
secrets: { both: "long enough for anybody" }
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24] } }
    ike: { version: ${version}, auth: { psk: "\${secrets.both}" }, liveness: 1h }
    policy: [{ local: 192.0.2.1, remote: 192.0.2.2, protect: { mode: transport, peer: bob, esp: aes256-sha256, start: trap } }]
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.2/24] } }
    ike: { version: ${version}, auth: { psk: "\${secrets.both}" }, liveness: 1h }
    policy: [{ local: 192.0.2.2, remote: 192.0.2.1, protect: { mode: transport, peer: alice, esp: aes256-sha256, start: trap } }]
links:
  wan: { endpoints: ["alice:net0", "bob:net0"] }
`;

test.each([1, 2] as const)('IKEv%i: an end that restarts without a word is back within seconds', async version => {
  const { topology, diagnostics } = loadTopology('t.yaml', text(version));
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const scene = await openSim(withFaults(topology, [10_000, { kind: 'restart', node: 'bob' }]));
  const before = await scene.run('alice', 'ping -c 3 192.0.2.2');
  expect(before.stdout).toContain('received');
  await scene.lab.sleep(12_000);
  const after = await scene.run('alice', 'ping -c 10 192.0.2.2');
  const received = Number(/(\d+) received/.exec(after.stdout)?.[1] ?? 0);
  const events = scene.events.map(({ node, kind, detail }) => `${node} ${kind} ${detail}`);
  await scene.lab.down();
  expect(events.join('\n')).toMatch(/bob staleSa alice: 192\.0\.2\.1 sends by an SA that is not here: it is called/);
  expect(received).toBeGreaterThanOrEqual(7);
});
