import { describe, expect, test } from 'vitest';
import { allEspSuiteNames, espSuite } from '../crypto/esp-suite.ts';
import { integrityAlgorithms } from '../crypto/integrity.ts';
import { sampleSuiteNames } from '../crypto/testing/sample-suites.ts';
import { AH_PEER, ahHeaderTrials, ahTrial } from './testing/ah-trials.ts';
import { hasScapy, NEEDS_SCAPY, runTrials } from './testing/differential.ts';
import { ESP_PEER, espTrial } from './testing/esp-trials.ts';
import { VARIANTS } from './testing/variants.ts';

/**
 * What we seal, another implementation must open, and the other way round: here a sample, 10,000 packets by
 * `npm run soak -- differential`. It is scapy as far as that goes. Scapy 2.5 leaves the high half of an ESN out of a separate
 * ICV of ESP; it has no AES-GCM with 8 or 12 octets of ICV, no AES-GMAC, no implicit IVs, no Camellia, no AES-XCBC-MAC, and no
 * HMAC-MD5-128, HMAC-SHA1-160 or HMAC-SHA-256-96. For these, esp-peer.py and integrity_gaps.py put python's `cryptography` in
 * its place.
 */
const TRIALS = VARIANTS.length;
const INTEGRITY = integrityAlgorithms().map(({ token }) => token);
const available = hasScapy();

describe('every algorithm, mode, family, with and without ESN', () => {
  const names = sampleSuiteNames();

  test.skipIf(!available)(`${names.length} suites, ${2 * TRIALS} packets each ${NEEDS_SCAPY}`, () => {
    const trials = names.flatMap(name =>
      Array.from({ length: TRIALS }, (_, i) => espTrial(name, i, `sample/${name}/${i}`)),
    );
    const { packets, found } = runTrials(ESP_PEER, trials);
    expect(found).toEqual([]);
    expect([...packets]).toEqual(names.map(name => [name, 2 * TRIALS]));
  });
});

test.skipIf(!available)(`AH: every algorithm, mode, family, with and without ESN ${NEEDS_SCAPY}`, () => {
  const trials = INTEGRITY.flatMap(token => VARIANTS.map((_, i) => ahTrial(token, i, `sample/${token}/${i}`)));
  expect(runTrials(AH_PEER, trials).found).toEqual([]);
});

test.skipIf(!available)(
  `AH: every option and extension header that routers may change, or must not ${NEEDS_SCAPY}`,
  () => {
    expect(runTrials(AH_PEER, INTEGRITY.flatMap(ahHeaderTrials)).found).toEqual([]);
  },
);

test.skipIf(!available)(`every suite that this machine has, once in each direction ${NEEDS_SCAPY}`, () => {
  const names = allEspSuiteNames().filter(name => espSuite(name) !== null);
  expect(
    runTrials(
      ESP_PEER,
      names.map((name, i) => espTrial(name, i, `once/${name}`)),
    ).found,
  ).toEqual([]);
});

test.skipIf(!available)(`a difference would be seen ${NEEDS_SCAPY}`, () => {
  const trial = espTrial('aes128gcm16', 0, 'difference');
  const wrong = trial.questions.map(question => ({ ...question, encryptionKey: '00'.repeat(20) }));
  expect(runTrials(ESP_PEER, [{ ...trial, questions: wrong }]).found).toEqual([
    expect.stringContaining('the peer opened ours as IPSecIntegrityError'),
  ]);
});
