import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { echo, captured, frame, ip, saFor, seal, sealedTunnel, tunnelled } from '../capture/testing/seal.ts';
import { EspDecryptor } from '../capture/decrypt.ts';
import type { EspSaKeys } from '../capture/key-log.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { CheckSpec, ProtectedFlow } from '../topology/model.ts';
import { judgeRun } from './run-judgement.ts';
import { runCheck } from './run.ts';
import { check, fakeLab, type FakeLab, type FakeOrder, node } from './testing/fake-lab.ts';

const SPEC: CheckSpec = { kind: 'encrypted', link: 'wan', a: '10.0.0.0/24', b: '10.0.1.0/24' };
const NODES = [
  node('alice', 'gateway', ['1.2.3.4/24', '10.0.0.1/24']),
  node('bob', 'gateway', ['5.6.7.8/24', '10.0.1.1/24']),
  node('a1', 'host', ['10.0.0.2/24', '2001:db8:a::2/64']),
  node('b1', 'host', ['10.0.1.2/24']),
];
const OUT = saFor('aes256gcm16');
const PING = echo('10.0.0.2', '10.0.1.2');
const PONG = echo('10.0.1.2', '10.0.0.2', 'echoReply');
const FLOW: ProtectedFlow = { a: SPEC.a, b: SPEC.b, links: ['wan'], because: 'policy v4_bob0 of alice' };

/** What one probe puts on the wan; a good gateway by default. */
const gateway = (packets: readonly Uint8Array[], over: FakeOrder = {}): FakeOrder => ({
  nodes: NODES,
  keys: [OUT],
  protectedFlows: [FLOW],
  probe: (_probe, show) => {
    for (const packet of packets) show(captured(frame(packet)));
    return { kind: 'answered', rttMs: 1 };
  },
  ...over,
});

const judged = async (order: FakeOrder, spec = SPEC, before: (fake: FakeLab) => void = () => undefined) => {
  const fake = fakeLab(order);
  before(fake);
  const result = await runCheck(fake.lab, fake.witnesses, check(spec));
  return { ...result, probes: fake.probes };
};

/** ESP whose payload is in the clear under a right ICV, with an IV for which "decryption" does not end in an absurd pad length. */
function unencrypted(sa: EspSaKeys, payload: Uint8Array): Uint8Array {
  const key = Buffer.from(sa.integrityKey, 'hex');
  for (let count = 0; count < 10_000; count++) {
    const data = Buffer.concat([payload.subarray(0, -2), Buffer.from([count >> 8, count & 255])]);
    const padding = Buffer.alloc(16 - ((data.length + 2) % 16), 1);
    const covered = Buffer.concat([
      Buffer.from('1000000100000001', 'hex'),
      Buffer.alloc(16),
      data,
      padding,
      Buffer.from([0, 1]),
    ]);
    const icv = createHmac('sha256', key).update(covered).digest().subarray(0, 16);
    const packet = ip(sa.source, sa.destination, IpProtocol.ESP, new Uint8Array(Buffer.concat([covered, icv])));
    const opening = new EspDecryptor(() => [sa]).open(packet);
    if (opening?.kind === 'opened' && opening.contents.paddingOk && opening.inner !== null) return packet;
  }
  throw new Error('no such packet');
}

describe('encrypted', () => {
  test('passes on ESP that opens to the probe, sent between hosts', async () => {
    const result = await judged(gateway([sealedTunnel(OUT, 1n, PING)]));
    expect(result).toMatchObject({
      kind: 'passed',
      tries: 1,
      why: 'ESP spi 0x10000001 (aes256gcm16) holds 10.0.0.2 > 10.0.1.2: ICMP echo request id 7 seq 1, 64 octets; nothing of the flow in the clear',
      probes: [{ from: 'a1', to: '10.0.1.2', toNode: 'b1', with: 'icmp' }],
    });
    expect(result.evidence[0]?.packet.octets).toEqual(frame(sealedTunnel(OUT, 1n, PING)));
  });

  test('waits for a capture that lags behind', async () => {
    const late = gateway([], {
      onSleep: (show, count) => void (count === 5 && show(captured(frame(sealedTunnel(OUT, 1n, PING))))),
    });
    expect(await judged(late)).toMatchObject({ kind: 'passed', tries: 1, durationMs: 101 });
  });

  test('silence does not pass', async () => {
    expect(await judged(gateway([], { probe: () => ({ kind: 'timeout' }) }))).toMatchObject({
      kind: 'failed',
      tries: 3,
      why: 'no ESP among 0 packets on wan (a1 asked 10.0.1.2: no answer within 1000 ms)',
    });
  });

  test('ESP from before the check does not pass', async () => {
    const order = gateway([]);
    expect(await judged(order, SPEC, fake => fake.show(captured(frame(sealedTunnel(OUT, 1n, PING)))))).toMatchObject({
      kind: 'failed',
    });
  });

  test.each([
    [
      'another flow',
      sealedTunnel(OUT, 1n, echo('10.0.0.2', '10.0.2.2')),
      '1 ESP packet on wan, none opens to a packet of the flow (a1 asked 10.0.1.2: answered)',
    ],
    ['an unknown SA', sealedTunnel(saFor('aes256gcm16', { spi: 0xbad }), 1n, PING), /no key for SPI 0x00000bad/],
    ['another key', sealedTunnel({ ...OUT, encryptionKey: 'ee'.repeat(36) }, 1n, PING), /the ICV is wrong/],
    [
      'a dummy packet',
      ip(OUT.source, OUT.destination, IpProtocol.ESP, seal(OUT, 1n, 59, new Uint8Array(64))),
      /none opens/,
    ],
  ])('ESP with %s does not pass', async (_what, packet, why) => {
    const result = await judged(gateway([packet]));
    expect(result.kind).toBe('failed');
    expect(result.why).toMatch(why);
  });

  test.each([
    ['beside good ESP', [sealedTunnel(OUT, 1n, PING), PING], 'bare'],
    ['instead of ESP', [tunnelled(OUT.source, OUT.destination, PONG)], 'tunnelled'],
    [
      'in ESP that does not encrypt',
      [
        ip(
          OUT.source,
          OUT.destination,
          IpProtocol.ESP,
          new Uint8Array([0, 0, 16, 0, 0, 0, 0, 1, ...new Uint8Array(8), ...PING, 2, 4, ...new Uint8Array(16)]),
        ),
      ],
      'inside ESP, not encrypted',
    ],
  ])('a clear packet %s fails at once', async (_what, packets, how) => {
    const result = await judged(gateway(packets));
    expect(result).toMatchObject({
      kind: 'failed',
      tries: 1,
      why: `1 packet of the flow in the clear on wan, the first one ${how}`,
    });
    expect(result.evidence).toMatchObject([{ packet: { octets: frame(packets.at(-1) ?? PING) } }]);
  });

  test('a clear packet from long before fails as well', async () => {
    const good = gateway([sealedTunnel(OUT, 1n, PING)]);
    expect(await judged(good, SPEC, fake => fake.show(captured(frame(PONG))))).toMatchObject({
      kind: 'failed',
      tries: 1,
    });
  });

  test('the flow on another link is not its business', async () => {
    const good = gateway([sealedTunnel(OUT, 1n, PING)]);
    expect(await judged(good, SPEC, fake => fake.show(captured(frame(PONG), { link: 'lan-a' })))).toMatchObject({
      kind: 'passed',
    });
  });

  test('a flow that nobody can send is refused', async () => {
    expect(await judged(gateway([]), { ...SPEC, b: '10.9.9.0/24' })).toMatchObject({
      kind: 'failed',
      tries: 1,
      why: 'no node has an address in 10.9.9.0/24 from which to send',
      probes: [],
    });
  });

  test('addresses that a node gave itself are found', async () => {
    const counters = { receivedPackets: 0, receivedOctets: 0, sentPackets: 0, sentOctets: 0 };
    const eth0 = {
      name: 'eth0',
      kind: 'ethernet',
      up: true,
      mtu: 1500,
      addresses: ['2001:db8:b:0:200:ff:fe00:1/64'],
      counters,
    } as const;
    const statuses = [{ name: 'b1', interfaces: [eth0], routes: [], policies: [], filter: null, sas: [], drops: {} }];
    const result = await judged(gateway([], { statuses }), { ...SPEC, a: '2001:db8:a::/64', b: '2001:db8:b::/64' });
    expect(result.probes[0]).toMatchObject({ from: 'a1', to: '2001:db8:b:0:200:ff:fe00:1' });
  });

  test('transport mode between the owners themselves', async () => {
    const sa = saFor('aes256-sha256', { source: '192.0.2.1', destination: '192.0.2.2' });
    const esp = ip(
      sa.source,
      sa.destination,
      IpProtocol.ESP,
      seal(sa, 1n, IpProtocol.ICMP, echo(sa.source, sa.destination).subarray(20)),
    );
    const nodes = [node('alice', 'host', ['192.0.2.1/24']), node('bob', 'host', ['192.0.2.2/24'])];
    const spec: CheckSpec = { kind: 'encrypted', link: 'wan', a: '192.0.2.1/32', b: '192.0.2.2/32' };
    expect(await judged(gateway([esp], { nodes, keys: [sa], protectedFlows: [] }), spec)).toMatchObject({
      kind: 'passed',
    });
  });

  test('transport mode with a right ICV over what was never encrypted does not pass', async () => {
    const sa = saFor('aes256-sha256', { source: '192.0.2.1', destination: '192.0.2.2' });
    const esp = unencrypted(sa, echo(sa.source, sa.destination).subarray(20));
    expect(new EspDecryptor(() => [sa]).open(esp)).toMatchObject({
      kind: 'opened',
      inner: expect.any(Uint8Array) as Uint8Array,
    });
    const nodes = [node('alice', 'host', ['192.0.2.1/24']), node('bob', 'host', ['192.0.2.2/24'])];
    const spec: CheckSpec = { kind: 'encrypted', link: 'wan', a: '192.0.2.1/32', b: '192.0.2.2/32' };
    expect(await judged(gateway([esp], { nodes, keys: [sa], protectedFlows: [] }), spec)).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining('what it opens to is no sound packet') as string,
    });
  });

  test('frames that the capture lost while it looked prove nothing', async () => {
    const losses = { wan: 0 };
    const order = gateway([], {
      losses,
      probe: (_probe, show) => (
        show(captured(frame(sealedTunnel(OUT, 1n, PING)))), (losses.wan += 2), { kind: 'answered', rttMs: 1 }
      ),
    });
    expect(await judged(order)).toMatchObject({
      kind: 'failed',
      tries: 3,
      why: 'the capture lost 2 frames of wan: nothing is proven',
    });
  });
});

const judgedWithLosses = (losses: Record<string, number>) => {
  const { lab, witnesses } = fakeLab(gateway([], { losses }));
  return judgeRun(lab, witnesses.tripwire);
};

describe('the judgement of a run', () => {
  test('clean, with what that rests on', () => {
    const { lab, witnesses, show } = fakeLab(gateway([]));
    show(captured(frame(sealedTunnel(OUT, 1n, PING))));
    expect(judgeRun(lab, witnesses.tripwire)).toEqual({
      kind: 'clean',
      lines: ['none of 1 protected flow in the clear on 1 link'],
      evidence: [],
    });
    expect(judgeRun(fakeLab({}).lab, fakeLab({}).witnesses.tripwire).lines).toEqual(['no flow is protected here']);
  });

  test('tripped, with the frames', () => {
    const { lab, witnesses, show } = fakeLab(gateway([]));
    show(captured(frame(tunnelled('1.2.3.4', '5.6.7.8', PING))));
    expect(judgeRun(lab, witnesses.tripwire)).toMatchObject({
      kind: 'tripped',
      lines: [
        '10.0.0.0/24 <-> 10.0.1.0/24 in the clear on wan: 1 packet, the first one tunnelled (policy v4_bob0 of alice)',
      ],
      evidence: [{ packet: { link: 'wan' } }],
    });
  });

  test('inconclusive where the capture has holes on a watched link', () => {
    expect(judgedWithLosses({ wan: 3 })).toEqual({
      kind: 'inconclusive',
      lines: ['the capture lost 3 frames of wan'],
      evidence: [],
    });
    expect(judgedWithLosses({ 'lan-a': 3 })).toMatchObject({
      kind: 'clean',
      lines: [expect.any(String), 'the capture lost 3 frames of lan-a'],
    });
  });
});
