import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../engine/host/program.ts';
import { whyNotLive } from '../../lab/cli/machine/live-capabilities.ts';
import { libreswan, strongswan } from '../../lab/cli/machine/other-implementations.ts';
import { loadTopology } from '../../lab/topology/load.ts';
import { interopCases } from './cases.ts';
import { type Played, playMatrix, sampleOf } from './matrix.ts';
import { topologyText } from './topology-text.ts';

const isBuilt = existsSync(programFile('bench/interop/main'));

/** One of each family of authentication, both ways, and what else would break first. */
const SAMPLE = [
  'aes128gcm12-prfsha1-modp3072 with aes128ccm12, from engine',
  'aes128-sha256-prfsha256-x25519 with aes192-sha512 and ecp521, from strongswan',
  'rsa2048 of a root, from engine',
  'ecdsa256 below an intermediate, from strongswan',
  'ed25519 without a certificate, from engine',
  'bob behind a NAT, from strongswan',
  'alice moves, from engine',
  'IKEv1: main mode, a shared secret, from strongswan',
  'IKEv1: main mode, rsa2048 of a root, from engine',
  'IKEv1: aggressive mode, a shared secret, from engine',
  'IKEv1: bob behind a NAT, from strongswan',
  'IKEv1: a password, then an address for alice, from engine',
];
const WITH_LIBRESWAN = [
  'IKEv1 with libreswan: main mode, a shared secret, from engine',
  'IKEv1 with libreswan: main mode, rsa2048 of a root, from libreswan',
  'IKEv1 with libreswan: aggressive mode, a shared secret, from libreswan',
  'IKEv2 with libreswan: a shared secret, from libreswan',
  'IKEv2 with libreswan: rsa2048 of a root, from engine',
];

test('every case is a topology that loads, and has a name of its own', () => {
  const cases = interopCases();
  for (const one of cases)
    expect([one.name, loadTopology('case.yaml', topologyText(one)).diagnostics]).toEqual([one.name, []]);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

test('a sample is spread over the matrix', () => {
  const { length } = interopCases();
  expect(sampleOf(3)).toEqual([0, Math.floor(length / 3), Math.floor((2 * length) / 3)]);
  expect(sampleOf(length + 1)).toHaveLength(length);
});

const failedOf = (all: readonly Played[]): readonly Played[] => all.filter(({ result }) => result.findings.length > 0);

describe.each([
  ['strongSwan agree, rekey and lose nothing', strongswan, SAMPLE],
  ['libreswan agree on the same keys', libreswan, WITH_LIBRESWAN],
] as const)('the engine and %s', (_, other, names) => {
  const capability = whyNotLive() ?? other();
  const needs = capability.ok ? 'npm run build' : `${capability.name}: ${capability.fix ?? capability.detail}`;

  test.skipIf(!isBuilt || !capability.ok)(`live (needs ${needs})`, { timeout: 240_000 }, async () => {
    const cases = interopCases();
    const numbers = names.map(name => cases.findIndex(one => one.name === name));
    expect(numbers).not.toContain(-1);
    const failed = failedOf(await playMatrix(numbers));
    for (const { result } of failed) process.stderr.write(`played again: ${JSON.stringify(result)}\n`);
    // Of a race between two daemons on a busy machine either may be the reason; what is wrong is wrong twice.
    const numberOf = ({ result }: Played): number => cases.findIndex(({ name }) => name === result.name);
    const again = failed.length === 0 ? [] : await playMatrix(failed.map(numberOf));
    expect(failedOf(again).map(({ result }) => result)).toEqual([]);
  });
});
