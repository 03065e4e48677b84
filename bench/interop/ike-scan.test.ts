import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programFile } from '../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../engine/native/addon.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import type { RunningLab } from '../../lab/drivers/driver.ts';
import { createNetnsDriver } from '../../lab/drivers/netns/netns-driver.ts';
import { podCommand } from '../../lab/drivers/netns/pod.ts';
import { findProgram } from '../../lab/cli/machine/programs.ts';
import { loadTopology } from '../../lab/topology/load.ts';
import { saidBy } from './scene.ts';

const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
const isRoot = process.getuid?.() === 0;
const isThere = findProgram('ike-scan') !== null && spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;

describe.skipIf(insideNamespaces)('what ike-scan sees of the engine', { timeout: 120_000 }, () => {
  test.skipIf(!built || !isThere)(
    'in a pod (needs npm run build, g++ make python3, namespaces, apt-get install ike-scan)',
    async () => {
      expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe('');
    },
  );
});

/** Alice takes Main Mode, Carol Aggressive Mode as well; Mallory is on a link with each. */
const SCANNED = `
name: scanned
title: Two responders of IKEv1 and somebody who scans them
secrets: { shared: "a secret of the scanned" }
nodes:
  alice: ${responder('alice', 1, 'accepts: main')}
  carol: ${responder('carol', 2, 'accepts: [main, aggressive]')}
  mallory:
    kind: host
    interfaces: { eth1: { addresses: [192.0.2.9/25] }, eth2: { addresses: [192.0.2.209/25] } }
links:
  one: { endpoints: ["mallory:eth1", "alice:net0"] }
  two: { endpoints: ["mallory:eth2", "carol:net0"] }
`;

function responder(name: string, index: 1 | 2, accepts: string): string {
  return `
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.${index === 1 ? 1 : 129}/25] }, net1: { addresses: [10.0.${index}.1/24] } }
    ike:
      version: 1
      id: ${name}.lab
      auth: { psk: "\${secrets.shared}" }
      proposals: [aes256-sha256-modp2048, aes128-sha1-modp1024]
      legacy: true
      ${accepts}
      start: none
      peers: { anybody: { remote: { id: mallory.lab, auth: psk } } }
    routes: [{ to: 10.9.0.0/24, interface: net0 }]
    policy:
      - { name: site, local: 10.0.${index}.0/24, remote: 10.9.0.0/24, protect: { mode: tunnel, peer: anybody, esp: [aes256gcm16] } }
      - { bypass: true }`;
}

const [ALICE, CAROL] = ['192.0.2.1', '192.0.2.129'];
/** AES-256, SHA2-256, PSK, group 14; AES-128, SHA-1, PSK, group 2; DES, MD5, PSK, group 1. */
const [GOOD, OLD, WEAK] = ['(1=7,14=256,2=4,3=1,4=14)', '(1=7,14=128,2=2,3=1,4=2)', '(1=1,2=1,3=1,4=1)'];
const RFC_3947 = '4a131c81070358455c5728f20e95452f';
const DPD = 'afcad71368a1f1c96b8696fc77570100';

describe.runIf(insideNamespaces)('ike-scan', () => {
  const packets: CapturedPacket[] = [];
  let lab: RunningLab;

  beforeAll(async () => {
    const { topology, diagnostics } = loadTopology('scanned.yaml', SCANNED);
    if (topology === null) throw new Error(diagnostics.map(({ message }) => message).join('; '));
    lab = await createNetnsDriver().up(topology, {
      runId: process.env['IPSEC_LAB_RUN'] ?? 'test-run',
      seed: '',
      onPacket: packet => packets.push(packet),
      onEvent: () => undefined,
    });
    await lab.ike();
  });
  afterAll(() => lab.down());

  const scan = (to: string, ...argv: readonly string[]) =>
    saidBy(lab, 'mallory', ['ike-scan', '--sport=0', '--retry=1', '--timeout=1500', '-M', ...argv, to]);
  const halfOpen = async (node: string) =>
    (await lab.ike()).find(one => one.node === node)?.status.halfOpen ?? Number.NaN;

  test('Main Mode: the proposal that was chosen, and who says what it can', async () => {
    const said = await scan(ALICE, `--trans=${GOOD}`, `--vendor=${RFC_3947}`, `--vendor=${DPD}`);
    expect(said).toContain('Main Mode Handshake returned');
    expect(said).toMatch(/SA=\(Enc=AES KeyLength=256 Hash=SHA2-256 Auth=PSK Group=14:modp2048\)/);
    expect(said).toMatch(new RegExp(`VID=${RFC_3947}`));
    expect(said).toMatch(new RegExp(`VID=${DPD.slice(0, 28)}`));
  });

  test('of several proposals one is chosen, and one that is not known is refused', async () => {
    expect(await scan(ALICE, `--trans=${WEAK}`, `--trans=${OLD}`)).toMatch(
      /Enc=AES KeyLength=128 Hash=SHA1 Auth=PSK Group=2/,
    );
    expect(await scan(ALICE, `--trans=${WEAK}`)).toContain('Notify message 14 (NO-PROPOSAL-CHOSEN)');
  });

  test('the lifetimes that are asked for are those of the answer', async () => {
    const limited = '(1=7,14=256,2=4,3=1,4=14,11=1,12=0x00000258)';
    expect(await scan(ALICE, `--trans=${limited}`)).toMatch(/LifeType=Seconds LifeDuration\(4\)=0x00000258/);
  });

  test('Aggressive Mode: nothing of a key where it was not asked for', async () => {
    const said = await scan(ALICE, '-A', `--trans=${GOOD}`, '--dhgroup=14', '--id=mallory.lab', '--idtype=2');
    expect(said).not.toContain('Handshake returned');
    expect(said).not.toMatch(/KeyExchange|Hash\(/);
  });

  test('Aggressive Mode where it is taken: key, nonce, identity and hash, which is why nobody should', async () => {
    const said = await scan(CAROL, '-A', `--trans=${GOOD}`, '--dhgroup=14', '--id=mallory.lab', '--idtype=2');
    expect(said).toContain('Aggressive Mode Handshake returned');
    expect(said).toMatch(/ID\(Type=ID_FQDN, Value=carol\.lab\)/);
    expect(said).toMatch(
      /KeyExchange\(256 bytes\)[\s\S]*Nonce\(32 bytes\)|Nonce\(32 bytes\)[\s\S]*KeyExchange\(256 bytes\)/,
    );
  });

  test('Aggressive Mode of somebody who is not known: no more than that', async () => {
    const said = await scan(CAROL, '-A', `--trans=${GOOD}`, '--dhgroup=14', '--id=eve.lab', '--idtype=2');
    expect(said).not.toContain('Handshake returned');
  });

  test('backoff: what is not answered is not said again, and is forgotten', async () => {
    const said = await scan(ALICE, `--trans=${GOOD}`, '--showbackoff=6');
    const rows = said.split('\n').filter(line => /^192\.0\.2\.1\s+\d+\s/.test(line));
    expect(rows).toHaveLength(1);
    expect(await halfOpen('alice')).toBeGreaterThan(0);
  });

  test('no scan has got more octets than it has sent', () => {
    expect(octetsFrom(packets, 'alice:net0')).toBeLessThan(octetsFrom(packets, 'mallory:eth1') * 1.2);
  });
});

function octetsFrom(packets: readonly CapturedPacket[], port: string): number {
  return packets.filter(({ from }) => from === port).reduce((sum, { octets }) => sum + octets.length, 0);
}
