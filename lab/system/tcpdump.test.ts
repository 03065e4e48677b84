import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ping, udp } from '../../engine/node/testing/packets.ts';
import { encodeEthernet, EtherType } from '../../engine/wire/ethernet.ts';
import { decodeIpv4, encodeIpv4 } from '../../engine/wire/ipv4.ts';
import { planCommand } from './commands.ts';
import { octetsText, packetText } from './tcpdump-text.ts';
import { ALICE, EPOCH, TypedNode } from './testing/typed-node.ts';

const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0;

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const framed = (payload: Uint8Array, etherType: number = EtherType.IPV4): Uint8Array =>
  encodeEthernet({ destination: MAC, source: MAC, etherType, payload });

const ESP = Buffer.from(`0be2f5c100000005${'a5'.repeat(52)}`, 'hex');
/** Port 2389, `Hello` and a line end, PSH and ACK, without options. */
const TCP = Buffer.from('9c40095500000001000000025018f000000000000a', 'hex');
const HELLO = Buffer.concat([TCP.subarray(0, 20), Buffer.from('Hello\n')]);
const ARP = Buffer.from('0001080006040001020000000001010203040000000000000506 0708'.replaceAll(' ', ''), 'hex');

/** From 1.2.3.4 to 5.6.7.8. */
const packet = (protocol: number, payload: Uint8Array): Uint8Array =>
  encodeIpv4({ ...decodeIpv4(ping('1.2.3.4', '5.6.7.8')), protocol, payload });

const FRAMES = [
  framed(packet(50, ESP)),
  framed(packet(6, HELLO)),
  framed(udp('1.2.3.4', '5.6.7.8', [1000, 2000])),
  framed(ARP, 0x0806),
];

/** What tcpdump itself says of them: a classic capture file, read without names and without times. */
function byTcpdump(frames: readonly Uint8Array[], ...options: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tcpdump-'));
  const head = Buffer.alloc(24);
  for (const [i, value] of [0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, 1].entries()) head.writeUInt32LE(value, i * 4);
  const records = frames.flatMap(frame => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  writeFileSync(join(folder, 'a.pcap'), Buffer.concat([head, ...records]));
  const text = execFileSync('tcpdump', ['-n', '-t', '-S', '-K', ...options, '-r', join(folder, 'a.pcap')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  rmSync(folder, { recursive: true });
  return text.trimEnd().split('\n');
}

test.skipIf(!hasTcpdump)(
  'writes ESP, TCP, UDP and ARP as tcpdump does (needs tcpdump: apt-get install tcpdump)',
  () => {
    expect(FRAMES.map(frame => packetText(frame, { isVerbose: false }))).toEqual(byTcpdump(FRAMES));
  },
);

test.skipIf(!hasTcpdump)('and their octets (needs tcpdump: apt-get install tcpdump)', () => {
  const [, hello = new Uint8Array()] = FRAMES;
  for (const [option, form] of [
    ['-A', 'text'],
    ['-x', 'hex'],
    ['-X', 'both'],
  ] as const) {
    const lines = byTcpdump([hello], option)
      .slice(1)
      .map(line => line.trimEnd());
    expect(
      octetsText(hello, form)
        .trimEnd()
        .split('\n')
        .map(line => line.trimEnd()),
    ).toEqual(lines);
  }
});

const planFor = (line: string, hasPrograms = false) =>
  planCommand(line.split(' '), new TypedNode(ALICE).system, { hasPrograms });

test('shows those alone that an expression asks for', () => {
  const packets = [framed(ping('1.2.3.4', '5.6.7.8')), ...FRAMES];
  const seen = (expression: string) => {
    const plan = planFor(`tcpdump -v -A -i net0 ${expression}`);
    if (plan?.kind !== 'captures') throw new Error('no capture');
    return packets.flatMap((octets, i) =>
      plan.line({ atNs: BigInt(EPOCH) * 1_000_000_000n, interface: 'net0', octets, length: octets.length }) === null
        ? []
        : [i],
    );
  };
  expect(seen('host 5.6.7.8')).toEqual([0, 1, 2, 3, 4]);
  expect(seen('ip host 5.6.7.8 and not icmp')).toEqual([1, 2, 3]);
  expect(seen('tcp dst port 2389')).toEqual([2]);
  expect(seen('src port 2389 || arp')).toEqual([4]);
  expect(seen('ip proto 50')).toEqual([1]);
  expect(seen('proto \\esp or portrange 2000-3000')).toEqual([1, 2, 3]);
  expect(seen('esp and greater 80')).toEqual([1]);
  expect(seen('multicast or broadcast')).toEqual([]);
  expect(seen('ether src 2:0:0:0:0:1 and arp')).toEqual([4]);
});

test('leaves the interfaces of the machine below to its own tcpdump', () => {
  expect(planFor('tcpdump -i engine0', true)).toBe(null);
  expect(planFor('tcpdump -i net0', true)).toMatchObject({ kind: 'captures', interface: 'net0' });
  expect(planFor('tcpdump -i any', true)).toMatchObject({ kind: 'captures', interface: null });
});

test.each([
  ['tcpdump -i eth7', /eth7: No such device exists\n {2}fix: -i net0, -i net1, or -i any/],
  ['tcpdump -w x.pcap', /fix: lab capture LINK --out FILE\.pcapng/],
  ['tcpdump hots 1.2.3.4', /can't parse filter expression: what is 'hots'\?/],
  ['tcpdump port nowhere', /port: 'nowhere' is no number/],
  ['tcpdump -c none', /-c: how many packets\?/],
  ['tcpdump -D', /^1\.net0 \[Up, Running\]\n2\.net1/],
])('%s', (line, expected) => {
  expect(new TypedNode(ALICE).type(line)).toMatch(expected);
});
