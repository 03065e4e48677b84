import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { formatTranscript, TRANSCRIPT_SEED } from './published.ts';
import type { TranscribedIkeSa, TranscribedMessage } from './transcript.ts';

const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-vectors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TRANSCRIPTS = TRANSCRIPT_PLANS.map(plan => makeTranscript(plan, TRANSCRIPT_SEED));

test.each(TRANSCRIPT_PLANS)('$name: the seed gives the same octets', plan => {
  const made = TRANSCRIPTS.find(({ name }) => name === plan.name);
  expect(formatTranscript(makeTranscript(plan, TRANSCRIPT_SEED))).toBe(
    made === undefined ? '' : formatTranscript(made),
  );
});

describe.skipIf(!hasTshark)(`tshark ${NEEDS_TSHARK}`, () => {
  const known = TRANSCRIPTS.filter(({ name }) => !name.includes('chacha20'));
  test.each(known)('$name: it reads each payload inside of SK', ({ messages, ikeSas }) => {
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
