import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { internetChecksum } from './checksum.ts';
import { decodeIpv4, encodeIpv4, fragmentIpv4 } from './ipv4.ts';
import { decodeIpv6, encodeIpv6 } from './ipv6.ts';
import { fragmentIpv6 } from './ipv6-extension.ts';
import { finishPacket, type Offload } from './offload.ts';
import { Reassembly } from './reassembly.ts';
import { encodeTcp } from './tcp.ts';
import { addressOf, must, toHex } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { encodeUdp } from './udp.ts';

/** The Debian package installs scapy for the system's Python only, which need not be the first in PATH. */
const python = ['python3', '/usr/bin/python3'].find(program => spawnSync(program, ['-c', 'import scapy']).status === 0);

const prelude = `
import sys, json, logging
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.layers.inet import IP, TCP, UDP, fragment, defragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6, defragment6
from scapy.packet import Raw
from scapy.utils import checksum
cases = [bytes.fromhex(case) for case in json.load(sys.stdin)]
def answer(packets): return [bytes(packet).hex() for packet in packets]
`;

/** Evaluates an expression of Python, in which `cases` is a list of octets. */
function scapy(expression: string, cases: readonly Uint8Array[], definitions = ''): unknown {
  const program = `${prelude}\n${definitions}\nprint(json.dumps(${expression}))`;
  const input = JSON.stringify(cases.map(toHex));
  const run = spawnSync(python ?? 'python3', ['-c', program], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

const four = { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') };
const six = { source: addressOf('2001:db8::1'), destination: addressOf('2001:db8::2') };

function packet4(protocol: number, payload: Uint8Array, identification: number): Uint8Array {
  const flags = { dontFragment: false, moreFragments: false, fragmentOffset: 0, options: new Uint8Array(0) };
  return encodeIpv4({ ...flags, ...four, dscpEcn: 0, identification, ttl: 64, protocol, payload });
}

function packet6(nextHeader: number, payload: Uint8Array): Uint8Array {
  return encodeIpv6({ ...six, trafficClass: 0, flowLabel: 0, nextHeader, hopLimit: 64, payload });
}

describe.skipIf(python === undefined)('scapy agrees (needs scapy: apt-get install python3-scapy)', () => {
  test('about checksums', () => {
    const random = new Prng(60);
    const cases = Array.from({ length: 500 }, () => random.bytes(random.below(300)));
    expect(scapy('[checksum(case) for case in cases]', cases)).toEqual(cases.map(octets => internetChecksum(octets)));
  });

  test('about IPv4 fragments, which each of us puts together again', () => {
    const random = new Prng(61);
    const cases = Array.from({ length: 60 }, (_, i) => packet4(17, random.bytes(600 + random.below(3000)), i));
    const theirs = scapy('[answer(fragment(IP(case), fragsize=576)) for case in cases]', cases) as string[][];
    expect(theirs).toEqual(cases.map(packet => fragmentIpv4(packet, 596).map(toHex)));
    for (const [i, fragments] of theirs.entries())
      expect(toHex(reassemble(fragments))).toBe(toHex(cases[i] ?? new Uint8Array(0)));
    const ours = cases.flatMap(packet => fragmentIpv4(packet, 700));
    expect(scapy('answer(defragment([IP(case) for case in cases]))', ours)).toEqual(cases.map(toHex));
  });

  test('about IPv6 fragments, which each of us puts together again', () => {
    const random = new Prng(62);
    const cases = Array.from({ length: 60 }, () => packet6(17, random.bytes(1300 + random.below(3000))));
    const theirs = scapy('[answer(fragment6(cut6(case), 1280)) for case in cases]', cases, cutting6) as string[][];
    expect(theirs).toEqual(cases.map(packet => fragmentIpv6(packet, 1280, 0xabcdef).map(toHex)));
    for (const [i, fragments] of theirs.entries())
      expect(toHex(reassemble(fragments))).toBe(toHex(cases[i] ?? new Uint8Array(0)));
    const ours = cases.flatMap((packet, i) => fragmentIpv6(packet, 1300, i));
    expect(scapy('join6(cases)', ours, joining6)).toEqual(cases.map(toHex));
  });

  test('about the packets of a superframe', () => {
    const random = new Prng(63);
    const cases = Array.from({ length: 40 }, (_, i) => superframe(random, i));
    const theirs = scapy(
      '[segments(case) for case in cases]',
      cases.map(c => c.packet),
      segmenting,
    ) as string[][];
    for (const [i, { packet, offload }] of cases.entries())
      expect(finishPacket(packet, offload).map(toHex)).toEqual(theirs[i]);
  });
});

function reassemble(fragments: readonly string[]): Uint8Array {
  const table = new Reassembly({ maxBuffers: 1, maxOctets: 1_000_000, timeoutNs: 1 });
  const answers = fragments.map(fragment => table.add(Buffer.from(fragment, 'hex'), 0));
  const last = answers.at(-1);
  return must(last instanceof Uint8Array ? last : null);
}

/** All segments have 500 octets, so that the packet alone says everything. */
function superframe(random: Prng, i: number): { packet: Uint8Array; offload: Offload } {
  const payload = random.bytes(random.below(6000));
  const isTcp = i % 2 === 0;
  const addresses = i % 4 < 2 ? four : six;
  const ports = { sourcePort: random.below(65536), destinationPort: random.below(65536) };
  const numbers = { sequence: random.below(2 ** 32), acknowledgment: random.below(2 ** 32) };
  const tcp = { ...ports, ...numbers, flags: random.below(256), window: 9, urgentPointer: 0, options: [], payload };
  const { source, destination } = addresses;
  const transport = isTcp ? encodeTcp(tcp, source, destination) : encodeUdp({ ...ports, payload }, source, destination);
  const protocol = isTcp ? 6 : 17;
  const packet = addresses === four ? packet4(protocol, transport, random.below(65536)) : packet6(protocol, transport);
  const ipHeader = packet.length - (addresses === four ? decodeIpv4(packet) : decodeIpv6(packet)).payload.length;
  const kind = !isTcp ? 'udp' : addresses === four ? 'tcp4' : 'tcp6';
  const checksum = { start: ipHeader, offset: isTcp ? 16 : 6 };
  return { packet, offload: { checksum, segments: { kind, sizeOctets: 500 } } };
}

const joining6 = `
def join6(cases):
    sets = {}
    for p in map(IPv6, cases): sets.setdefault(p[IPv6ExtHdrFragment].id, []).append(p)
    return [bytes(defragment6(packets)).hex() for packets in sets.values()]
`;

const cutting6 = `
def cut6(case):
    p = IPv6(case)
    rest = bytes(p.payload)
    head = IPv6(src=p.src, dst=p.dst, nh=44, hlim=p.hlim)
    return head / IPv6ExtHdrFragment(nh=17, id=0xabcdef) / Raw(rest)
`;

const segmenting = `
def segments(case):
    p = IP(case) if case[0] >> 4 == 4 else IPv6(case)
    layer = TCP if TCP in p else UDP
    data = bytes(p[layer].payload)
    pieces = [data[i:i + 500] for i in range(0, len(data), 500)] or [b'']
    out = []
    for i, piece in enumerate(pieces):
        q = p.copy()
        q[layer].remove_payload()
        q = q / Raw(piece)
        if IP in q:
            q[IP].id = (q[IP].id + i) % 65536
            del q[IP].len, q[IP].chksum
        else:
            del q[IPv6].plen
        del q[layer].chksum
        if layer is UDP:
            del q[UDP].len
        else:
            q[TCP].seq = (q[TCP].seq + 500 * i) % 2**32
            if i > 0: q[TCP].flags &= ~0x80
            if i < len(pieces) - 1: q[TCP].flags &= ~0x09
        out.append(bytes(q).hex())
    return out
`;
