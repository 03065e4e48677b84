import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { integrityAlgorithms } from '../crypto/integrity.ts';
import { parseAddress } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv4, type Ipv4Packet } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { transit } from './ah-transit.fixture.ts';
import { ahPair } from './sa-pair.fixture.ts';
import { join, restore, splitInbound, splitOutbound } from './transport-mode.ts';
import { decapsulate, dscpEcnOf, encapsulate } from './tunnel-mode.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';

// What we authenticate, scapy must verify after it has travelled, and the other way round.

const PYTHON = '/usr/bin/python3';
const available = spawnSync(PYTHON, ['-c', 'import scapy.layers.ipsec, cryptography']).status === 0;
const needsScapy = '(needs scapy: apt-get install python3-scapy python3-cryptography)';
const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(randomBytes(count)) });

interface Case {
  readonly title: string;
  readonly integrity: string;
  readonly scapyName: string;
  readonly mode: 'tunnel' | 'transport';
  readonly source: string;
  readonly destination: string;
  readonly sequence: bigint;
  readonly esn: boolean;
  readonly packet: Uint8Array;
}

const ALGORITHMS = integrityAlgorithms().flatMap(({ token, names }) =>
  names.scapy[0] === undefined ? [] : [{ integrity: token, scapyName: names.scapy[0] }],
);
const V4 = ['192.0.2.1', '198.51.100.1'] as const;
const V6 = ['2001:db8::1', '2001:db8:ffff::2'] as const;
const PAYLOAD = 253; // for experiments: neither side looks inside

const ROUTE = [203, 0, 113, 1, 203, 0, 113, 2];
const IPV4_OPTIONS: readonly [string, readonly number[]][] = [
  ['no options', []],
  ['No Operation', [1, 1, 1, 1]],
  ['Security and Router Alert', [130, 6, 1, 2, 3, 4, 148, 4, 0, 0, 0, 0]],
  ['Record Route', [7, 11, 4, ...ROUTE, 0]],
  ['Time Stamp', [68, 12, 5, 0, 1, 2, 3, 4, 0, 0, 0, 0]],
  ['a loose source route at its end', [1, 131, 11, 12, ...ROUTE]],
  ['an unknown option', [222, 4, 9, 9]],
];

/** Each with its own number; the Next Header is filled in. */
const IPV6_CHAINS: readonly [string, readonly (readonly [number, readonly number[]])[]][] = [
  ['no extension headers', []],
  ['Hop-by-Hop, immutable', [[0, [0, 0, 0x1e, 4, 1, 2, 3, 4]]]],
  ['Hop-by-Hop, mutable', [[0, [0, 0, 0x3e, 4, 1, 2, 3, 4]]]],
  ['Destination Options of both kinds', [[60, [0, 1, 0x3e, 4, 1, 2, 3, 4, 0x1e, 4, 5, 6, 7, 8, 0, 0]]]],
  ['a route on its way', [[43, [0, 4, 0, 2, 0, 0, 0, 0, ...hop('2001:db8::a'), ...hop('2001:db8::b')]]]],
  ['a route at its end', [[43, [0, 4, 0, 0, 0, 0, 0, 0, ...hop('2001:db8::a'), ...hop('2001:db8::b')]]]],
  [
    'Hop-by-Hop, Destination Options and a route',
    [
      [0, [0, 0, 0x3e, 4, 1, 2, 3, 4]],
      [60, [0, 0, 0x3e, 4, 5, 6, 7, 8]],
      [43, [0, 2, 0, 1, 0, 0, 0, 0, ...hop('2001:db8::c')]],
    ],
  ],
];

const CASES = ALGORITHMS.flatMap(casesOf);
/** By case: our packet as scapy verified it, and scapy's own. */
let opened: string[] = [];
let sealed: string[] = [];

beforeAll(() => {
  if (!available) return;
  const questions = [
    ...CASES.map(one => questionOf(one, 'open', transit(ourPacket(one)))),
    ...CASES.map(one => questionOf(one, 'seal', one.packet)),
  ];
  const peer = spawnSync(PYTHON, [fileURLToPath(new URL('ah-scapy-peer.py', import.meta.url))], {
    input: questions.map(question => `${JSON.stringify(question)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const lines = peer.stdout.trim().split('\n');
  if (lines.length !== questions.length)
    throw new Error(`scapy answered ${lines.length} of ${questions.length}: ${peer.stderr}`);
  const answers = lines.map(answerOf);
  opened = answers.slice(0, CASES.length);
  sealed = answers.slice(CASES.length);
});

const expected = ({ one }: { one: Case }, arrived: (packet: Uint8Array) => Uint8Array) => [
  one.title,
  toHex(one.mode === 'transport' ? arrived(one.packet) : one.packet),
];

describe.each(ALGORITHMS)('$integrity', ({ integrity }) => {
  const cases = CASES.flatMap((one, index) => (one.integrity === integrity ? [{ one, index }] : []));
  test.skipIf(!available)(`scapy verifies what we authenticate, after its journey ${needsScapy}`, () => {
    const results = cases.map(({ one, index }) => [one.title, opened[index]]);
    expect(results).toEqual(cases.map(each => expected(each, transitOutside)));
  });

  test.skipIf(!available)(`we verify what scapy authenticates, after its journey ${needsScapy}`, () => {
    // Scapy turns a route once more that has arrived already.
    const right = cases.filter(({ one }) => !one.title.includes('a route at its end'));
    const results = right.map(({ one, index }) => [
      one.title,
      openedByUs(one, transit(Buffer.from(sealed[index] ?? '', 'hex'))),
    ]);
    expect(results).toEqual(right.map(each => expected(each, transit)));
  });
});

function casesOf({ integrity, scapyName }: { integrity: string; scapyName: string }): Case[] {
  const cases: Case[] = [];
  const add = (what: string, mode: Case['mode'], ends: readonly [string, string], packet: Uint8Array) => {
    for (const [esn, sequence] of [
      [false, 0xffff_fff0n],
      [true, 0x0000_0007_8000_0001n],
    ] as const) {
      const title = `${mode} ${what}, ${packet.length} octets, esn ${esn}`;
      const [source, destination] = ends;
      cases.push({ title, integrity, scapyName, mode, source, destination, sequence, esn, packet });
    }
  };
  for (const octets of [0, 37, 1401]) {
    for (const ends of [V4, V6]) {
      const what = ends === V4 ? 'v4' : 'v6';
      add(`v4 in ${what}`, 'tunnel', ends, ipv4(['10.0.0.2', '10.0.1.2'], octets, []));
      add(`v6 in ${what}`, 'tunnel', ends, ipv6(['2001:db8:a::2', '2001:db8:b::2'], octets, []));
    }
    for (const [what, options] of IPV4_OPTIONS) add(`v4 with ${what}`, 'transport', V4, ipv4(V4, octets, options));
    for (const [what, chain] of IPV6_CHAINS) add(`v6 with ${what}`, 'transport', V6, ipv6(V6, octets, chain));
  }
  return cases;
}

function hop(text: string): number[] {
  return [...address(text)];
}

function ipv4([source, destination]: readonly [string, string], octets: number, options: readonly number[]) {
  const packet: Ipv4Packet = {
    dscpEcn: 0xb8,
    identification: 0x4711,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 61,
    protocol: PAYLOAD,
    source: address(source),
    destination: address(destination),
    options: Uint8Array.from(options),
    payload: Uint8Array.from({ length: octets }, (_, i) => i),
  };
  return encodeIpv4(packet);
}

function ipv6(
  [source, destination]: readonly [string, string],
  octets: number,
  chain: readonly (readonly [number, readonly number[]])[],
): Uint8Array {
  const headers = chain.flatMap(([, body], i) => [chain[i + 1]?.[0] ?? PAYLOAD, ...body.slice(1)]);
  return encodeIpv6({
    trafficClass: 0x2e,
    flowLabel: 0x12345,
    nextHeader: chain[0]?.[0] ?? PAYLOAD,
    hopLimit: 61,
    source: address(source),
    destination: address(destination),
    payload: Uint8Array.from([...headers, ...Array.from({ length: octets }, (_, i) => i)]),
  });
}

function ourPacket(one: Case): Uint8Array {
  const { out } = pairOf(one);
  const protocol = (one.packet[0] ?? 0) >>> 4 === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  const around = { protocol, payload: one.packet, identification: 1 };
  const whole =
    one.mode === 'transport' ? one.packet : present(encapsulate(one.packet, out.source, out.destination, around));
  const [result] = kernel.authenticate([{ sa: out, split: present(splitOutbound(whole)) }]);
  if (result?.kind !== 'sealed') throw new Error(result?.kind);
  return result.packet;
}

/** As it arrives when what stands behind our AH does not change on the way: scapy puts Destination Options before it. */
function transitOutside(packet: Uint8Array): Uint8Array {
  const split = present(splitOutbound(packet));
  const head = transit(packet).subarray(0, split.head.length);
  return present(join({ ...split, head }, split.nextHeader, split.payload));
}

/** The packet behind the AH, or in words why there is none. */
function openedByUs(one: Case, packet: Uint8Array): string {
  const { into } = pairOf(one);
  const split = present(splitInbound(packet, IpProtocol.AH));
  const [result] = kernel.verify([{ sa: into, split }]);
  if (result?.kind !== 'opened') return result?.kind ?? 'nothing';
  if (result.sequence !== one.sequence) return `sequence ${result.sequence}`;
  if (one.mode === 'transport') {
    return toHex(present(restore(packet, result.nextHeader, result.payload, IpProtocol.AH)));
  }
  const inner = decapsulate(result.nextHeader, result.payload, dscpEcnOf(packet));
  return inner.kind === 'packet' ? toHex(inner.octets) : inner.kind;
}

function pairOf(one: Case) {
  const { integrity, mode, source, destination, esn } = one;
  const pair = ahPair(integrity, { mode, source, destination, esn });
  pair.out.sequence = one.sequence - 1n;
  pair.into.window.advance(one.sequence - 1n);
  return pair;
}

function questionOf(one: Case, what: 'seal' | 'open', packet: Uint8Array) {
  const { out } = pairOf(one);
  return {
    do: what,
    mode: one.mode,
    source: one.source,
    destination: one.destination,
    spi: out.spi,
    authAlgo: one.scapyName,
    integrityKey: toHex(out.integrityKey),
    esn: one.esn,
    low: Number(one.sequence & 0xffff_ffffn),
    high: Number(one.sequence >> 32n),
    packet: toHex(packet),
  };
}

function answerOf(line: string): string {
  const { packet, error } = JSON.parse(line) as { packet?: string; error?: string };
  return packet ?? error ?? 'no answer';
}

function address(text: string): Uint8Array {
  return present(parseAddress(text));
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('null');
  return value;
}

const toHex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
