import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { programFile } from '../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces, tunAvailable } from '../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../engine/native/addon.ts';
import type { LabEvent, RunningLab } from '../../lab/drivers/driver.ts';
import { createNetnsDriver } from '../../lab/drivers/netns/netns-driver.ts';
import { podCommand } from '../../lab/drivers/netns/pod.ts';
import { findProgram } from '../../lab/cli/machine/programs.ts';
import { loadTopology } from '../../lab/topology/load.ts';
import { saidBy } from './scene.ts';

const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
const isRoot = process.getuid?.() === 0;
const isThere =
  findProgram('vpnc') !== null && tunAvailable() && spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;

describe.skipIf(insideNamespaces)('vpnc calls the engine', { timeout: 120_000 }, () => {
  test.skipIf(!built || !isThere)(
    'in a pod (needs npm run build, g++ make python3, namespaces, /dev/net/tun, apt-get install vpnc)',
    async () => {
      expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe('');
    },
  );
});

/** A gateway for road warriors of the old days: a group with a secret, users with passwords, addresses from a pool. */
const VISITED = `
name: visited
title: A gateway of IKEv1 for vpnc
secrets: { group: "the secret of the group", alice: "the password of ann" }
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24] }, net1: { addresses: [10.0.0.1/24] } }
    ike:
      version: 1
      id: 192.0.2.1
      auth: { psk: "\${secrets.group}" }
      mode: aggressive
      accepts: aggressive
      # vpnc asks for some 24 days.
      lifetime-check: obey
      proposals: [aes128-sha1-modp1024]
      legacy: true
      start: none
      address-pools: { visitors: { addresses: 10.9.0.0/24, dns: 10.0.0.2 } }
      peers:
        visitor:
          remote: { id: "keyid:${Buffer.from('labgroup').toString('hex')}", auth: psk }
          xauth: { users: { ann: "\${secrets.alice}" } }
          pools: visitors
    routes: [{ to: 10.9.0.0/24, interface: net0 }]
    policy:
      - { name: visitors, local: 0.0.0.0/0, remote: 10.9.0.0/24, protect: { mode: tunnel, peer: visitor, esp: [aes128-sha1], legacy: true } }
      - { bypass: true }
  a1: { kind: host, interfaces: { eth0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } } }
  ann: { kind: host, interfaces: { eth0: { addresses: [192.0.2.9/24] } } }
links:
  wan: { endpoints: ["ann:eth0", "alice:net0"] }
  lan: { endpoints: ["a1:eth0", "alice:net1"] }
`;

const SCRIPT = `#!/bin/sh
[ "$reason" = connect ] || exit 0
ip link set dev "$TUNDEV" mtu 1400 up
ip addr add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
ip route add 10.0.0.0/24 dev "$TUNDEV"
echo "connected as $INTERNAL_IP4_ADDRESS, dns $INTERNAL_IP4_DNS"
`;

function conf(password: string, traversal: string): string {
  return [
    'IPSec gateway 192.0.2.1',
    'IPSec ID labgroup',
    'IPSec secret the secret of the group',
    'IKE Authmode psk',
    'Xauth username ann',
    `Xauth password ${password}`,
    `NAT Traversal Mode ${traversal}`,
    'IKE DH Group dh2',
    'Perfect Forward Secrecy nopfs',
    'Local Port 0',
    '',
  ].join('\n');
}

const PATIENCE_MS = 15_000;

describe.runIf(insideNamespaces)('vpnc', () => {
  const events: LabEvent[] = [];
  let lab: RunningLab;

  beforeAll(async () => {
    const { topology, diagnostics } = loadTopology('visited.yaml', VISITED);
    if (topology === null) throw new Error(diagnostics.map(({ message }) => message).join('; '));
    lab = await createNetnsDriver().up(topology, {
      runId: process.env['IPSEC_LAB_RUN'] ?? 'test-run',
      seed: '',
      onPacket: () => undefined,
      onEvent: event => events.push(event),
    });
    await lab.ike();
    await saidBy(lab, 'ann', ['sh', '-c', `mkdir -p /run/vpnc; printf '%s' '${SCRIPT}' >/run/up; chmod 755 /run/up`]);
  });
  afterAll(() => lab.down());
  let hangUp: (() => Promise<unknown>) | null = null;
  afterEach(() => hangUp?.());

  /** Until vpnc says so, or ends. */
  async function call(password: string, traversal: string) {
    const stop = new AbortController();
    const heard = { said: '', isOver: false };
    const hear = (octets: Uint8Array) => void (heard.said += Buffer.from(octets).toString());
    const script = `printf '%s' '${conf(password, traversal)}' >/run/vpnc.conf
exec vpnc --no-detach --non-inter --debug 1 --pid-file /run/vpnc/pid --script /run/up /run/vpnc.conf`;
    const ended = lab
      .exec('ann', ['sh', '-c', script], { stdin: null, stdout: hear, stderr: hear, signal: stop.signal })
      .finally(() => {
        heard.isOver = true;
      });
    for (let ms = 0; ms < PATIENCE_MS && !heard.isOver && !heard.said.includes('connected as'); ms += 50)
      await lab.sleep(50);
    hangUp = async () => {
      if (!heard.isOver) await saidBy(lab, 'ann', ['sh', '-c', 'kill -TERM "$(cat /run/vpnc/pid)"']);
      for (let ms = 0; ms < PATIENCE_MS && !heard.isOver; ms += 50) await lab.sleep(50);
      stop.abort();
      await ended.catch(() => undefined);
    };
    return heard.said;
  }
  const sas = async () => (await lab.ike()).find(({ node }) => node === 'alice')?.status.sas ?? [];

  test.each([
    ['none', false],
    // It hashes the port 500, and sends from another.
    ['natt', true],
    ['force-natt', true],
  ])('group, user and address by aggressive mode, XAuth and mode config; NAT traversal %s', async (mode, inUdp) => {
    const said = await call('the password of ann', mode);
    expect(said).toMatch(/connected as 10\.9\.0\.\d+, dns 10\.0\.0\.2/);
    expect(await saidBy(lab, 'ann', ['ping', '-c', '3', '-W', '2', '10.0.0.2'])).toContain('3 received');
    const [sa, ...others] = (await sas()).filter(({ state }) => state === 'established');
    expect(others).toEqual([]);
    expect(sa).toMatchObject({
      version: 1,
      role: 'responder',
      children: [{ encapsulated: inUdp, state: 'installed' }],
    });
    expect(sa?.virtualAddresses.join()).toMatch(/^10\.9\.0\.\d+/);
    await hangUp?.();
    // It says Delete when it goes.
    for (let ms = 0; ms < PATIENCE_MS && (await sas()).length > 0; ms += 100) await lab.sleep(100);
    expect(await sas()).toEqual([]);
  });

  test('with another password nobody gets in', async () => {
    const said = await call('some other', 'natt');
    expect(said).not.toContain('connected as');
    await hangUp?.();
    expect((await sas()).flatMap(({ children }) => children)).toEqual([]);
  });
});
