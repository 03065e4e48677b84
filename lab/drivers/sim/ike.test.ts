import { describe, expect, test } from 'vitest';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeContext } from '../../../engine/ike/daemon.ts';
import { decodeLine } from '../../capture/decode-line.ts';
import { withPki } from '../../pki/testing/site.ts';
import type { Topology } from '../../topology/model.ts';
import type { HttpService } from '../http-service.ts';
import { createFakeIke, fakeIkeConfig } from '../testing/fake-ike.ts';
import { openSim, type SimScene, shippedTopology, traceOf } from './testing/sim-scene.ts';

/** Two offices without manual keys. */
const keyless: Topology = { ...shippedTopology('site-to-site-manual'), sas: [] };

const configs: Readonly<Record<string, IkeConfig>> = {
  alice: fakeIkeConfig('5.6.7.8', 'v4_bob0', 'trap'),
  bob: fakeIkeConfig(null, 'v4_alice0', 'none'),
};

function open(
  change: Partial<Record<string, IkeConfig>> = {},
  url: string | null = null,
  services: readonly HttpService[] = [],
): Promise<SimScene> {
  const options = {
    ikeFor: (node: string) => change[node] ?? configs[node] ?? null,
    makeIke: (config: IkeConfig, context: IkeContext) => createFakeIke(config, context, url),
  };
  return openSim(keyless, 'test', options, { services });
}

const makeFake = (config: IkeConfig, context: IkeContext) => createFakeIke(config, context);

const ikeEvents = ({ events }: SimScene, node: string) =>
  events.filter(event => event.node === node && event.detail.startsWith('peer: ')).map(({ kind }) => kind);

describe('a daemon in the simulator', () => {
  test('is asked by the first packet, which is not lost; its SAs are in the key log', async () => {
    const scene = await open();
    const { stdout } = await scene.run('a1', 'ping -c 3 10.0.1.2');
    expect(stdout).toContain('3 packets transmitted, 3 received');
    expect(ikeEvents(scene, 'alice')).toContain('childEstablished');
    expect(scene.lab.keys()).toHaveLength(2);
    expect(scene.lab.ikeSecrets()).toHaveLength(1);
    const wan = scene.packets.filter(({ link }) => link.startsWith('wan')).map(decodeLine);
    expect(wan.filter(line => line.includes('500')).length).toBeGreaterThanOrEqual(2);
    expect(await scene.lab.ike()).toMatchObject([
      { node: 'alice', status: { counters: { childEstablished: 1 } } },
      { node: 'bob', status: { counters: { childEstablished: 1 } } },
    ]);
    await scene.lab.down();
  });

  test('two runs are the same to the octet', async () => {
    const traces: string[] = [];
    for (let i = 0; i < 2; i++) {
      const scene = await open();
      await scene.run('a1', 'ping -c 2 10.0.1.2');
      await scene.lab.down();
      traces.push(traceOf(scene.packets));
    }
    expect(traces[0]).toBe(traces[1]);
  });

  test('begins by itself where it is to, with its first wake-up', async () => {
    const scene = await open({ alice: fakeIkeConfig('5.6.7.8', 'v4_bob0', 'start') });
    await scene.lab.sleep(1000);
    expect(ikeEvents(scene, 'bob')).toContain('childEstablished');
    await scene.lab.down();
  });

  test('over IPv6 as well', async () => {
    const topology = { ...shippedTopology('site-to-site-v6'), sas: [] };
    const [alice, bob] = ['alice', 'bob'].map(name => topology.nodes.find(node => node.name === name)?.tunnels[0]);
    if (alice === undefined || bob === undefined) throw new Error('no tunnels');
    const own: Record<string, IkeConfig> = {
      alice: fakeIkeConfig(alice.remote, alice.name, 'trap'),
      bob: fakeIkeConfig(null, bob.name, 'none'),
    };
    const scene = await openSim(topology, 'test', { ikeFor: node => own[node] ?? null, makeIke: makeFake });
    const { stdout } = await scene.run('a1', 'ping -c 2 10.0.1.2');
    expect(stdout).toContain('2 packets transmitted, 2 received');
    await scene.lab.down();
  });

  test('is told of the addresses at the beginning, and when a link goes and comes', async () => {
    const scene = await open();
    await scene.lab.fault({ kind: 'linkDown', link: 'wan' });
    await scene.lab.fault({ kind: 'linkUp', link: 'wan' });
    const told = scene.events.filter(({ node, kind }) => node === 'alice' && kind === 'addressAssigned');
    expect(told).toHaveLength(3);
    expect(told[0]?.detail).toMatch(/^peer: 1\.2\.3\.4 .* at 1767225600$/);
    expect(told[1]?.detail).not.toContain('1.2.3.4 ');
    await scene.lab.down();
  });

  test('sees the clock of its machine', async () => {
    const scene = await open();
    await scene.lab.fault({ kind: 'clockSkew', node: 'alice', byNs: 86_400e9 });
    await scene.lab.fault({ kind: 'linkDown', link: 'wan' });
    const [, second] = scene.events.filter(({ node, kind }) => node === 'alice' && kind === 'addressAssigned');
    expect(second?.detail).toMatch(/ at 1767312000$/);
    await scene.lab.down();
  });

  test('is gone with a crash, and begins anew with a restart', async () => {
    const scene = await open();
    await scene.run('a1', 'ping -c 1 10.0.1.2');
    await scene.lab.fault({ kind: 'crash', node: 'alice' });
    expect((await scene.lab.ike()).map(({ node }) => node)).toEqual(['bob']);
    await expect(scene.lab.ikeCommand('alice', { kind: 'initiate', child: 'child' })).rejects.toThrow('crashed');
    await scene.lab.fault({ kind: 'restart', node: 'alice' });
    const { stdout } = await scene.run('a1', 'ping -c 2 10.0.1.2');
    expect(stdout).toContain('2 packets transmitted, 2 received');
    expect(new Set(scene.lab.keys().map(key => key.encryptionKey)).size).toBe(4);
    await scene.lab.down();
  });

  test('takes commands; where nobody negotiates there is nobody to take them', async () => {
    const scene = await open();
    await scene.lab.ikeCommand('alice', { kind: 'initiate', child: 'child' });
    await scene.lab.sleep(1000);
    expect(ikeEvents(scene, 'alice')).toContain('childEstablished');
    await expect(scene.lab.ikeCommand('a1', { kind: 'initiate', child: 'child' })).rejects.toThrow('no IKE daemon');
    await scene.lab.down();
  });

  test('that wants an SA for a policy which is not there is told so, and the node lives', async () => {
    const scene = await open();
    await scene.lab.ikeCommand('alice', { kind: 'terminate', ike: 1 });
    expect(scene.events.filter(({ kind }) => kind === 'commandRefused')).toHaveLength(1);
    await scene.lab.down();
  });

  test('owns its ports: nobody answers "port unreachable" for them', async () => {
    const scene = await open();
    await scene.run('internet', 'nc -u -w 1 5.6.7.8 4500');
    const errors = scene.packets.map(decodeLine).filter(line => /unreachable/i.test(line));
    expect(errors).toEqual([]);
    await scene.lab.down();
  });
});

async function fetched(scene: SimScene): Promise<string | undefined> {
  await scene.lab.ikeCommand('alice', { kind: 'rekey' });
  await scene.lab.sleep(5000);
  const [event] = scene.events.filter(({ node, kind }) => node === 'alice' && kind === 'resumed');
  await scene.lab.down();
  return event?.detail;
}

describe('what a daemon fetches', () => {
  const encoder = new TextEncoder();
  const service = (text: string, seen: string[] = []): HttpService => ({
    node: 'a1',
    port: 8000,
    respond: ({ method, path }, epochSeconds) => {
      seen.push(`${method} ${path} at ${epochSeconds.toFixed(0)}`);
      const isThere = path === '/crl?all';
      return { status: isThere ? 200 : 404, contentType: 'text/plain', body: encoder.encode(isThere ? text : 'no') };
    },
  });
  test('comes over TCP from a service on a host, by its name', async () => {
    const seen: string[] = [];
    const scene = await open({}, 'http://a1:8000/crl?all', [service('the list', seen)]);
    expect(await fetched(scene)).toBe('peer: the list');
    expect(seen).toEqual(['GET /crl?all at 1767225600']);
    const lan = scene.packets.filter(({ link }) => link === 'lan-a').map(decodeLine);
    expect(lan.filter(line => line.includes('8000')).length).toBeGreaterThan(5);
  });

  test('is asked for again after the host has been restarted', async () => {
    const scene = await open({}, 'http://10.0.0.2:8000/crl?all', [service('x')]);
    await scene.lab.fault({ kind: 'restart', node: 'a1' });
    expect(await fetched(scene)).toBe('peer: x');
  });

  test.each([
    ['what is not there', 'http://a1:8000/other'],
    ['where nobody listens', 'http://a1:8001/crl?all'],
    ['where nobody is', 'http://10.0.0.77:8000/crl?all'],
    ['by a name that no node has', 'http://nobody:8000/crl?all'],
    ['by anything but HTTP', 'https://a1:8000/crl?all'],
    ['from nowhere', 'not a URL'],
  ])('%s comes to nothing, in bounded time', async (_, url) => {
    const scene = await open({}, url, [service('x')]);
    expect(await fetched(scene)).toBe('peer: nothing');
  });

  test('is not longer than was asked for', async () => {
    const scene = await open({}, 'http://a1:8000/crl?all', [service('y'.repeat(1001))]);
    expect(await fetched(scene)).toBe('peer: nothing');
  });

  test('is what Charles publishes, by the clock of the node that serves it', async () => {
    const topology = withPki(`
pki:
  server: { node: internet }
  authorities: { root: {} }
  certificates: { alice: { issuer: root }, bob: { issuer: root, revoked: superseded } }
`);
    const { address = '', port = 0 } = topology.pki?.server ?? {};
    const options = {
      makeIke: (config: IkeConfig, context: IkeContext, node: string) => {
        expect(config.credentials.keys).toHaveLength(1);
        return createFakeIke(config, context, node === 'alice' ? `http://${address}:${port}/crl/root.crl` : null);
      },
    };
    const scene = await openSim(topology, 'test', options);
    await scene.lab.ikeCommand('alice', { kind: 'rekey' });
    await scene.lab.sleep(2000);
    const [event] = scene.events.filter(({ kind }) => kind === 'resumed');
    expect(event?.detail).toContain('260101'); // its time, as DER has it
    await scene.lab.down();
  });
});
