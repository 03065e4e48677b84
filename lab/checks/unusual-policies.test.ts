import { expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { Recorder } from '../capture/recorder.ts';
import { createTripwire } from '../capture/tripwire.ts';
import { createSimDriver } from '../drivers/sim/sim-driver.ts';
import { loadTopology } from '../topology/load.ts';
import { runChecks } from './run.ts';

/** An SA for each message of ICMP; a legacy suite inside of AH; ESP in UDP by two entries of one direction each. */
const UNUSUAL = `
name: unusual
secrets: { both: "only in the lab" }
nodes:
  alice:
    kind: host
    interfaces: { net0: { addresses: [192.0.2.1/24] } }
    policy:
      - { local: 192.0.2.1, remote: 192.0.2.2, proto: icmp, icmp: { type: [0, 8], code: 0 }, protect: { mode: transport, peer: bob, esp: aes256gcm16, sa: unique, key: "\${secrets.both}", lifetime: { soft: { packets: 3 }, hard: { packets: 1000 } } } }
      - { local: 192.0.2.1, remote: 192.0.2.2, proto: udp, protect: { mode: transport, peer: bob, transforms: [{ esp: 3des-sha1, legacy: true }, { ah: aescmac }], key: "\${secrets.both}" } }
      - { direction: out, local: 192.0.2.1, remote: 192.0.2.2, proto: tcp, protect: { mode: transport, peer: bob, esp: aes256ctr-sha512, encapsulation: udp, key: "\${secrets.both}" } }
      - { direction: in, local: 192.0.2.1, remote: 192.0.2.2, proto: tcp, protect: { mode: transport, peer: bob, esp: aes256ctr-sha512, encapsulation: udp, key: "\${secrets.both}" } }
  bob:
    kind: host
    interfaces: { net0: { addresses: [192.0.2.2/24] } }
    policy:
      - { local: 192.0.2.2, remote: 192.0.2.1, proto: icmp, icmp: { type: [0, 8], code: 0 }, protect: { mode: transport, peer: alice, esp: aes256gcm16, sa: unique, key: "\${secrets.both}" } }
      - { local: 192.0.2.2, remote: 192.0.2.1, proto: udp, protect: { mode: transport, peer: alice, transforms: [{ esp: 3des-sha1, legacy: true }, { ah: aescmac }], key: "\${secrets.both}" } }
      - { local: 192.0.2.2, remote: 192.0.2.1, proto: tcp, protect: { mode: transport, peer: alice, esp: aes256ctr-sha512, encapsulation: udp, key: "\${secrets.both}" } }
links:
  wan: { endpoints: ["alice:net0", "bob:net0"] }
checks:
  - { reach: { from: alice, to: bob, with: icmp } }
  - { reach: { from: bob, to: alice, with: icmp } }
  - { reach: { from: alice, to: bob, with: udp } }
  - { reach: { from: alice, to: bob, with: tcp } }
  - { encrypted: { link: wan, flow: "192.0.2.1 <-> 192.0.2.2" } }
`;

/** A host behind nothing has ESP with a host behind a gateway, inside of a tunnel to that gateway. */
const NESTED_AT_A_HOST = `
name: nest
secrets: { both: "only in the lab" }
nodes:
  alice:
    kind: host
    interfaces: { net0: { addresses: [192.0.2.1/24], gateway: 192.0.2.9 } }
    policy:
      - local: 192.0.2.1
        remote: 10.0.0.2
        protect:
          key: "\${secrets.both}"
          transforms:
            - { esp: aes256gcm16, mode: transport, peer: b1 }
            - { esp: chacha20poly1305, mode: tunnel, peer: gw }
      - { bypass: true }
  gw:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.9/24] }, net1: { addresses: [10.0.0.1/24] } }
    policy:
      - { local: 10.0.0.2, remote: 192.0.2.1, protect: { mode: tunnel, peer: alice, esp: chacha20poly1305, key: "\${secrets.both}" } }
      - { bypass: true }
  b1:
    kind: host
    interfaces: { net0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } }
    policy:
      - { local: 10.0.0.2, remote: 192.0.2.1, protect: { mode: transport, peer: alice, esp: aes256gcm16, key: "\${secrets.both}" } }
links:
  wan: { endpoints: ["alice:net0", "gw:net0"] }
  lan: { endpoints: ["gw:net1", "b1:net0"] }
checks:
  - { reach: { from: alice, to: b1, with: icmp } }
  - { reach: { from: b1, to: alice, with: tcp } }
  - { encrypted: { link: wan, flow: "192.0.2.1 <-> 10.0.0.2" } }
  - { encrypted: { link: lan, flow: "192.0.2.1 <-> 10.0.0.2" } }
`;

/** Gateways whose SPDs end with an entry about everything, which does not say which way a packet goes. */
const gatewaysWith = (alices: string, bobs: string, rest: string) => `
name: rest
secrets: { both: "only in the lab" }
nodes:
  a1: { kind: host, interfaces: { net0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } } }
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24], gateway: 192.0.2.2 }, net1: { addresses: [10.0.0.1/24] } }
    policy:
      - { ${alices} protect: { mode: tunnel, peer: bob, esp: aes256gcm16, key: "\${secrets.both}" } }
      ${rest}
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.2/24], gateway: 192.0.2.1 }, net1: { addresses: [10.0.1.1/24] } }
    policy:
      - { ${bobs} protect: { mode: tunnel, peer: alice, esp: aes256gcm16, key: "\${secrets.both}" } }
      ${rest}
  b1: { kind: host, interfaces: { net0: { addresses: [10.0.1.2/24], gateway: 10.0.1.1 } } }
links:
  left: { endpoints: ["a1:net0", "alice:net1"] }
  wan: { endpoints: ["alice:net0", "bob:net0"] }
  right: { endpoints: ["bob:net1", "b1:net0"] }
checks:
  - { reach: { from: a1, to: b1, with: icmp } }
  - { reach: { from: b1, to: a1, with: tcp } }
  - { encrypted: { link: wan, flow: "10.0.0.2 <-> 10.0.1.2" } }
  - { policy: { node: alice, from: 10.0.0.2, to: 10.0.1.2, expect: protect } }
`;

const TWO_NETS = ['local: 10.0.0.0/24, remote: 10.0.1.0/24,', 'local: 10.0.1.0/24, remote: 10.0.0.0/24,'] as const;

test.each([
  ['SPDs whose last entry discards all else', gatewaysWith(...TWO_NETS, '- { discard: true }')],
  ['SPDs that protect everything', gatewaysWith('', '', '')],
  ['unique SAs, bundles of legacy suites, one entry for each direction', UNUSUAL],
  ['transport mode inside of tunnel mode, with other ends', NESTED_AT_A_HOST],
])('%s', async (_what, text) => {
  const { topology, diagnostics } = loadTopology('unusual.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const witnesses = { recorder: new Recorder(), tripwire: createTripwire(topology.protectedFlows) };
  const lab = await createSimDriver({ pace: 'virtual' }).up(topology, {
    runId: 'unusual',
    seed: '1',
    onPacket: packet => {
      witnesses.recorder.record(packet);
      witnesses.tripwire.see(packet);
    },
    onEvent: () => undefined,
  });
  const results = await runChecks(lab, witnesses, () => undefined);
  await lab.down();
  expect(results.filter(({ kind }) => kind !== 'passed')).toEqual([]);
});
