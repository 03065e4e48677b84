import { expect, test } from 'vitest';
import { ahSuiteNames } from '../../../engine/crypto/ah-suite.ts';
import { allEspSuiteNames, espSuiteNames } from '../../../engine/crypto/esp-suite.ts';
import { loadTopology } from '../../topology/load.ts';
import { cipherRows } from './cipher-plan.ts';

const FULL = { quick: false, legacy: true };

const measured = (legacy: boolean) => new Set(cipherRows({ quick: false, legacy }).map(row => row.parameters.cipher));
const measuredOfAh = cipherRows(FULL).flatMap(({ parameters: { ah } }) => (ah === undefined ? [] : [ah]));

test('every suite is measured, those that nobody should use only when asked for', () => {
  expect(measured(true)).toEqual(new Set(['none', ...allEspSuiteNames()]));
  expect(measured(false)).toEqual(new Set(['none', ...espSuiteNames()]));
  expect(measuredOfAh).toEqual(ahSuiteNames());
});

test('every mode with every family inside and outside, for some', () => {
  const ways = cipherRows(FULL).filter(({ parameters }) => parameters.cipher === 'aes128gcm16');
  expect(new Set(ways.map(({ parameters: { mode, inner, outer } }) => `${mode} ${inner} in ${outer}`)).size).toBe(8);
});

test('names are unique, and every ceiling is a row', () => {
  for (const options of [FULL, { quick: true, legacy: true }, { quick: true, legacy: false }]) {
    const rows = cipherRows(options);
    const names = new Set(rows.map(({ name }) => name));
    expect(names.size).toBe(rows.length);
    const missing = rows.filter(({ ceiling }) => ceiling !== null && !names.has(ceiling));
    expect(missing).toEqual([]);
  }
});

test('a quick run has what the claims of others are about, in few enough rows', () => {
  const rows = cipherRows({ quick: true, legacy: true }).map(({ name }) => name);
  expect(rows).toEqual(
    expect.arrayContaining(['clear-4', 'ipip-4in4', '3des-sha1-tunnel-4in4', 'des-sha1-tunnel-4in4']),
  );
  expect(rows.length).toBeLessThanOrEqual(7);
});

test('each row is a topology without an error, on this machine or elsewhere', () => {
  const texts = cipherRows(FULL)
    .filter(({ subject, parameters }) => subject.obstacle(parameters) === null)
    .map(({ subject, parameters }) => subject.topologyText(parameters));
  expect(texts.flatMap(text => loadTopology('row.yaml', text).diagnostics)).toEqual([]);
});

const outer = (cipher: string, octets: number) => {
  const row = cipherRows(FULL).find(({ name }) => name === `${cipher}-tunnel-4in4`);
  return row?.subject.outerOctets?.(row.parameters, octets);
};

test('ESP by the book, RFC 4303 §2', () => {
  // IP, SPI and sequence number, IV, packet and trailer in whole blocks, ICV.
  expect(outer('aes128gcm16', 64)).toBe(20 + 8 + 8 + 68 + 16);
  expect(outer('aes256-sha512', 1420)).toBe(20 + 8 + 16 + 1424 + 32);
  expect(outer('null-sha256', 1420)).toBe(20 + 8 + 1424 + 16);
  expect(outer('3des-sha1', 64)).toBe(20 + 8 + 8 + 72 + 12);
});

test('AH by the book, RFC 4302 §2', () => {
  expect(outer('ah-sha256', 64)).toBe(20 + 12 + 16 + 64);
  expect(outer('ah-sha1', 1420)).toBe(20 + 12 + 12 + 1420);
});
