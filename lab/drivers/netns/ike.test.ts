import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { decodeLine } from '../../capture/decode-line.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { loadTopology } from '../../topology/load.ts';
import { openTopology } from '../../topology/shipped.ts';
import type { Topology } from '../../topology/model.ts';
import { negotiated } from '../../topology/testing/negotiated.ts';
import { awaitStart } from '../await-start.ts';
import type { LabEvent, Probe, RunningLab } from '../driver.ts';
import type { HttpRequest, HttpResponse } from '../http-service.ts';
import { fakeIkeConfig } from '../testing/fake-ike.ts';
import { createNetnsDriver } from './netns-driver.ts';
import { podCommand } from './pod.ts';

const SUBJECT = programFile('lab/drivers/testing/fake-ike-subject');
const built = nativeAddon().kind === 'loaded' && existsSync(SUBJECT);
const works = (argv: readonly string[]) => spawnSync('env', argv).status === 0;
const isRoot = process.getuid?.() === 0;

describe.skipIf(insideNamespaces)('daemons of a live lab', { timeout: 120_000 }, () => {
  test.skipIf(!built || !works([...podCommand(isRoot), 'true']))(
    'in a pod (needs npm run build, g++ make python3, and namespaces)',
    async () => {
      expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe('');
    },
  );
});

const configs: Readonly<Record<string, IkeConfig>> = {
  alice: fakeIkeConfig('5.6.7.8', 'v4_bob0', 'trap'),
  bob: fakeIkeConfig(null, 'v4_alice0', 'none'),
};

function answerCrl({ method, path }: HttpRequest): HttpResponse {
  return { status: 200, contentType: 'text/plain', body: new TextEncoder().encode(`${method} ${path}`) };
}

function keyless(): Topology {
  const { topology } = openTopology('site-to-site-manual');
  if (topology === null) throw new Error('site-to-site does not load');
  return { ...topology, sas: [] };
}

describe.runIf(insideNamespaces)('a daemon beside a live node', () => {
  const packets: CapturedPacket[] = [];
  const events: LabEvent[] = [];
  let lab: RunningLab;

  beforeAll(async () => {
    const implementation = { file: SUBJECT, name: 'http://a1:8000/crl' };
    const options = { ikeFor: (node: string) => configs[node] ?? null, standFor: () => ({ implementation }) };
    lab = await createNetnsDriver(options).up(keyless(), {
      runId: 'test-run',
      seed: '',
      onPacket: packet => packets.push(packet),
      onEvent: event => events.push(event),
      services: [{ node: 'a1', port: 8000, respond: answerCrl }],
    });
  });
  afterAll(() => lab.down());

  const probe = { from: 'a1', to: '10.0.1.2', toNode: null, timeoutMs: 3000, sizeOctets: 100 } as const;
  const ping: Probe = { ...probe, with: 'icmp', dontFragment: false };
  const told = async (kind: string, count = 1) => {
    while (events.filter(event => event.kind === kind).length < count) await lab.sleep(20);
    return events.filter(event => event.kind === kind);
  };

  test('is asked by the first packet, which is answered; keys and secrets come to the lab', async () => {
    expect(await lab.probe(ping)).toMatchObject({ kind: 'answered' });
    await told('childEstablished', 2);
    expect(lab.keys()).toHaveLength(2);
    expect(lab.ikeSecrets()).toHaveLength(1);
    expect(packets.map(decodeLine).some(line => line.includes('500'))).toBe(true);
    expect(await lab.ike()).toMatchObject([
      { node: 'alice', status: { counters: { childEstablished: 1 } } },
      { node: 'bob', status: { counters: { childEstablished: 1 } } },
    ]);
  });

  test('takes commands, and fetches through the engine', async () => {
    await lab.ikeCommand('alice', { kind: 'initiate', child: 'child' });
    await told('childEstablished', 4);
    await lab.ikeCommand('alice', { kind: 'rekey', ike: 1 });
    const [fetched] = await told('resumed');
    expect(fetched).toMatchObject({ node: 'alice', detail: 'peer: GET /crl' });
    await expect(lab.ikeCommand('a1', { kind: 'rekey' })).rejects.toThrow('no IKE daemon');
  });

  test('hears of a move, and the kernel above has moved as well', async () => {
    const addresses = ['1.2.3.44/24'];
    await lab.fault({ kind: 'move', node: 'alice', interface: 'net0', addresses, gateway: '1.2.3.1' });
    await told('addressAssigned', 3);
    const own = async () => {
      const said: Buffer[] = [];
      const stdout = (octets: Uint8Array) => void said.push(Buffer.from(octets));
      await lab.exec('alice', ['ip', '-4', 'addr'], { stdin: null, stdout, stderr: stdout, signal: null });
      return Buffer.concat(said).toString();
    };
    while (!(await own()).includes('1.2.3.44/32')) await lab.sleep(20);
    expect(await own()).not.toContain('1.2.3.4/32');
    expect(await lab.probe({ ...ping, from: 'alice', to: '5.6.7.8' })).toMatchObject({ kind: 'answered' });
  });

  test('begins anew with its node, where its configuration says', async () => {
    await lab.fault({ kind: 'restart', node: 'alice' });
    expect(await lab.probe({ ...ping, from: 'alice', to: '5.6.7.8' })).toMatchObject({ kind: 'answered' });
    expect(await lab.probe(ping)).toMatchObject({ kind: 'answered' });
    expect((await lab.ike())[0]).toMatchObject({ status: { counters: { childEstablished: 1 } } });
  });
});

describe.runIf(insideNamespaces)('the engine’s own daemons, live', () => {
  const packets: CapturedPacket[] = [];
  let lab: RunningLab;

  beforeAll(async () => {
    const psk = 'auth: { psk: "${secrets.alice-bob}" }';
    const { topology } = loadTopology('offices.yaml', negotiated(`${psk}, start: start`, psk));
    if (topology === null) throw new Error('does not load');
    lab = await createNetnsDriver().up(topology, {
      runId: 'test-run',
      seed: '',
      onPacket: packet => packets.push(packet),
      onEvent: () => undefined,
    });
  });
  afterAll(() => lab.down());

  test('change keys under traffic, from either side, and no packet is lost', async () => {
    expect(await awaitStart(lab, 20_000)).toEqual([]);
    const said: Buffer[] = [];
    const keep = (octets: Uint8Array) => void said.push(Buffer.from(octets));
    const argv = ['ping', '-i', '0.01', '-c', '300', '-W', '5', '10.0.1.2'];
    const pinging = lab.exec('a1', argv, { stdin: null, stdout: keep, stderr: keep, signal: null });
    for (const node of ['alice', 'bob']) {
      const [sa] = (await lab.ike()).find(each => each.node === node)?.status.sas ?? [];
      const [child] = sa?.children ?? [];
      if (sa === undefined || child === undefined) throw new Error(`${node} has no SA`);
      await lab.ikeCommand(node, { kind: 'rekey', child: child.id });
      await lab.sleep(500);
      await lab.ikeCommand(node, { kind: 'rekey', ike: sa.id });
      await lab.sleep(500);
    }
    await pinging;
    expect(Buffer.concat(said).toString()).toContain(' 0% packet loss');
    const [status] = await lab.ike();
    expect(status?.status.counters).toMatchObject({ childRekeyed: expect.any(Number), ikeRekeyed: expect.any(Number) });
    expect(lab.keys().length).toBeGreaterThanOrEqual(6);
    expect(lab.ikeSecrets().length).toBeGreaterThanOrEqual(3);
  });
});
