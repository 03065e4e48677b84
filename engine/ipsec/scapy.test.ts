import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { nameIn } from '../crypto/dialects.ts';
import { espSuite, espSuiteNames, type EspSuite } from '../crypto/esp-suite.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { decodeIpv4, encodeIpv4 } from '../wire/ipv4.ts';
import { decodeIpv6, encodeIpv6 } from '../wire/ipv6.ts';
import { saPair } from './sa-pair.fixture.ts';
import { protect, restore, splitInbound } from './transport-mode.ts';
import { decapsulate, dscpEcnOf, encapsulate } from './tunnel-mode.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';

// What we seal, scapy must open, and the other way round; scapy builds whole IP packets, so headers are compared too.

const PYTHON = '/usr/bin/python3';
const available = spawnSync(PYTHON, ['-c', 'import scapy.layers.ipsec, cryptography']).status === 0;
const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(randomBytes(count)) });

interface Case {
  readonly title: string;
  readonly suite: EspSuite;
  readonly mode: 'tunnel' | 'transport';
  readonly source: string;
  readonly destination: string;
  readonly sequence: bigint;
  readonly esn: boolean;
  readonly packet: Uint8Array;
}

const NAMES = espSuiteNames().filter(name => /^(aes\d+gcm16|chacha20poly1305|aes\d+-sha(256|384|512))$/.test(name));
const CASES = NAMES.flatMap(casesOf);
/** By case: our packet as scapy opened it, and scapy's own. */
let opened: string[] = [];
let sealed: string[] = [];

beforeAll(() => {
  if (!available) return;
  const questions = [
    ...CASES.map(one => questionOf(one, 'open', ourPacket(one))),
    ...CASES.map(one => questionOf(one, 'seal', one.packet)),
  ];
  const peer = spawnSync(PYTHON, [fileURLToPath(new URL('scapy-peer.py', import.meta.url))], {
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

describe.each(NAMES)('%s', name => {
  const indices = CASES.flatMap((one, i) => (one.suite.name === name ? [i] : []));

  test.skipIf(!available)(
    'scapy opens what we seal (needs scapy: apt-get install python3-scapy python3-cryptography)',
    () => {
      const results = indices.map(i => [CASES[i]?.title, opened[i]]);
      expect(results).toEqual(indices.map(i => [CASES[i]?.title, toHex(CASES[i]?.packet)]));
    },
  );

  test.skipIf(!available)(
    'we open what scapy seals (needs scapy: apt-get install python3-scapy python3-cryptography)',
    () => {
      const results = indices.map(i => {
        const one = CASES[i];
        return [one?.title, one === undefined ? null : openedByUs(one, Buffer.from(sealed[i] ?? '', 'hex'))];
      });
      expect(results).toEqual(indices.map(i => [CASES[i]?.title, toHex(CASES[i]?.packet)]));
    },
  );
});

function casesOf(suiteName: string): Case[] {
  const suite = espSuite(suiteName);
  if (suite === null) throw new Error(suiteName);
  const cases: Case[] = [];
  const add = (what: string, mode: Case['mode'], source: string, destination: string, packet: Uint8Array) => {
    for (const [esn, sequence] of [
      [false, 0xffff_fff0n],
      [true, 0x0000_0007_8000_0001n],
    ] as const) {
      const title = `${mode} ${what}, ${packet.length} octets, esn ${esn}`;
      cases.push({ title, suite, mode, source, destination, sequence, esn, packet });
    }
  };
  for (const octets of [0, 37, 1401]) {
    for (const [version, source, destination] of [
      ['v4', '192.0.2.1', '198.51.100.1'],
      ['v6', '2001:db8::1', '2001:db8:ffff::2'],
    ] as const) {
      add(`v4 in ${version}`, 'tunnel', source, destination, ipv4('10.0.0.2', '10.0.1.2', octets, 0));
      add(`v6 in ${version}`, 'tunnel', source, destination, ipv6('2001:db8:a::2', '2001:db8:b::2', octets, false));
    }
    const v4 = ipv4('192.0.2.1', '198.51.100.1', octets, octets === 37 ? 8 : 0);
    const v6 = ipv6('2001:db8::1', '2001:db8:ffff::2', octets, octets === 37);
    add('v4', 'transport', '192.0.2.1', '198.51.100.1', v4);
    add('v6', 'transport', '2001:db8::1', '2001:db8:ffff::2', v6);
  }
  return cases;
}

function ipv4(source: string, destination: string, octets: number, optionOctets: number): Uint8Array {
  return encodeIpv4({
    dscpEcn: 0xb8,
    identification: 0x4711,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 61,
    protocol: 253, // for experiments: neither side looks inside
    source: address(source),
    destination: address(destination),
    options: new Uint8Array(optionOctets).fill(1),
    payload: Uint8Array.from({ length: octets }, (_, i) => i),
  });
}

function ipv6(source: string, destination: string, octets: number, withDestinationOptions: boolean): Uint8Array {
  const head = withDestinationOptions ? [60, 0, 1, 4, 0, 0, 0, 0, 253, 0, 1, 4, 0, 0, 0, 0] : [];
  return encodeIpv6({
    trafficClass: 0x2e,
    flowLabel: 0x12345,
    nextHeader: withDestinationOptions ? 0 : 253,
    hopLimit: 61,
    source: address(source),
    destination: address(destination),
    payload: Uint8Array.from([...head, ...Array.from({ length: octets }, (_, i) => i)]),
  });
}

function ourPacket(one: Case): Uint8Array {
  const { out } = pairOf(one);
  const seal = (nextHeader: number, payload: Uint8Array) => {
    const [result] = kernel.seal([{ sa: out, nextHeader, payload }]);
    return result?.kind === 'sealed' ? result.esp : null;
  };
  if (one.mode === 'transport') return present(protect(one.packet, seal));
  const nextHeader = (one.packet[0] ?? 0) >>> 4 === 4 ? 4 : 41;
  const payload = present(seal(nextHeader, one.packet));
  return present(encapsulate(one.packet, out.source, out.destination, { protocol: 50, payload, identification: 1 }));
}

/** The packet in clear, or in words why there is none. */
function openedByUs(one: Case, packet: Uint8Array): string {
  const { into } = pairOf(one);
  const split = present(splitInbound(packet));
  expect([formatAddress(addressesOf(packet).source), formatAddress(addressesOf(packet).destination)]).toEqual([
    one.source,
    one.destination,
  ]);
  const [result] = kernel.open([{ sa: into, esp: split.payload }]);
  if (result?.kind !== 'opened') return result?.kind ?? 'nothing';
  if (result.sequence !== one.sequence) return `sequence ${result.sequence}`;
  if (one.mode === 'transport') return toHex(present(restore(packet, result.nextHeader, result.payload)));
  const inner = decapsulate(result.nextHeader, result.payload, dscpEcnOf(packet));
  return inner.kind === 'packet' ? toHex(inner.octets) : inner.kind;
}

function pairOf(one: Case) {
  const { suite, mode, source, destination, esn } = one;
  const pair = saPair(suite.name, { mode, source, destination, esn });
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
    cryptAlgo: nameIn('scapy', one.suite.encryption),
    authAlgo: one.suite.integrity === null ? null : nameIn('scapy', one.suite.integrity),
    encryptionKey: toHex(out.encryptionKey),
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

function addressesOf(packet: Uint8Array) {
  return (packet[0] ?? 0) >>> 4 === 4 ? decodeIpv4(packet) : decodeIpv6(packet);
}

function address(text: string): Uint8Array {
  return present(parseAddress(text));
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('null');
  return value;
}

const toHex = (octets: Uint8Array | undefined) => Buffer.from(octets ?? []).toString('hex');
