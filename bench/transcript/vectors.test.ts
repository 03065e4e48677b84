import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PayloadType } from '../../engine/wire/ike/registry.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import { addressOf, fromHex } from '../../engine/wire/testing/must.ts';
import { hasTshark, NEEDS_TSHARK } from '../../engine/wire/testing/tshark.ts';
import { withNonEspMarker } from '../../engine/wire/udp-encapsulation.ts';
import { captured, frame, ip } from '../../lab/capture/testing/seal.ts';
import { writePcapng } from '../../lab/capture/pcapng-file.ts';
import { writeWiresharkFolder } from '../../lab/capture/wireshark.ts';
import { makeTranscript } from './make.ts';
import { TRANSCRIPT_PLANS } from './plans.ts';
import { formatTranscript, TRANSCRIPT_SEED, transcriptPath } from './published.ts';
import type { TranscribedIkeSa, TranscribedMessage, Transcript } from './transcript.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-vectors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const published = (path: string): Transcript => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Transcript;
const PATHS = TRANSCRIPT_PLANS.map(transcriptPath);

test('all that is published has a plan', () => {
  const folderOf = join(ROOT, dirname(PATHS[0] ?? ''));
  const files = readdirSync(folderOf).filter(name => name.endsWith('.json'));
  expect(files.map(name => join('suites', 'vectors', name)).sort()).toEqual([...PATHS].sort());
});

test.each(TRANSCRIPT_PLANS)('$name: the seed gives the same octets (else: npm run vectors)', plan => {
  const text = readFileSync(join(ROOT, transcriptPath(plan)), 'utf8');
  expect(formatTranscript(makeTranscript(plan, TRANSCRIPT_SEED))).toBe(text);
});

test('another seed gives other octets', () => {
  const [plan] = TRANSCRIPT_PLANS;
  if (plan === undefined) throw new Error('no plan');
  expect(makeTranscript(plan, 'other').messages[0]?.octets).not.toBe(
    published(transcriptPath(plan)).messages[0]?.octets,
  );
});

describe.skipIf(!hasTshark)(`tshark ${NEEDS_TSHARK}`, () => {
  test.each(PATHS.filter(path => !path.includes('chacha20')))('%s: it reads each payload inside of SK', path => {
    const { messages, ikeSas } = published(path);
    const expected = messages.map(({ payloads }) => payloads.split(' ').map(numberOf).join(','));
    // It knows one set of keys for each pair of SPIs: with those before and after an RFC 9370 exchange it is asked twice.
    const readings = ikeSas.map(sa => payloadsSeen(messages, sa, ikeSas));
    const best = messages.map(
      (_, i) => readings.map(reading => reading[i] ?? '').sort((a, b) => b.length - a.length)[0],
    );
    expect(best).toEqual(expected);
  });
});

function numberOf(type: string): number {
  const found = Object.entries(PayloadType).find(([name]) => name === type)?.[1];
  if (found === undefined) throw new Error(`no number of ${type}`);
  return found;
}

/** What it says of each message with the keys of this IKE SA, and with the newest of all others. */
function payloadsSeen(
  messages: readonly TranscribedMessage[],
  own: TranscribedIkeSa,
  all: readonly TranscribedIkeSa[],
) {
  const others = all.filter(({ initiatorSpi }) => initiatorSpi !== own.initiatorSpi);
  writeWiresharkFolder(
    join(folder, 'keys'),
    [],
    [...others, own].map(sa => ({ version: 2, ...sa })),
  );
  const packets = messages.map(({ from, sourcePort, destinationPort, octets }, i) => {
    const [source, destination] =
      from === 'initiator' ? (['192.0.2.1', '198.51.100.1'] as const) : (['198.51.100.1', '192.0.2.1'] as const);
    const payload = sourcePort === 4500 ? withNonEspMarker(fromHex(octets)) : fromHex(octets);
    const datagram = encodeUdp({ sourcePort, destinationPort, payload }, addressOf(source), addressOf(destination));
    return captured(frame(ip(source, destination, 17, datagram)), { at: BigInt(i) });
  });
  const file = join(folder, 'messages.pcapng');
  writeFileSync(file, writePcapng(packets));
  const done = spawnSync('tshark', ['-r', file, '-T', 'fields', '-e', 'isakmp.typepayload'], {
    encoding: 'utf8',
    env: { ...process.env, WIRESHARK_CONFIG_DIR: join(folder, 'keys') },
  });
  return done.stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split(',').filter(isPayload).join(','));
}

/** Substructures have numbers of the same field: 2 is a proposal, 3 a transform. */
const isPayload = (type: string): boolean => Number(type) >= PayloadType.SA;
