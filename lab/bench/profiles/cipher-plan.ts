import { ahSuiteNames } from '../../../engine/crypto/ah-suite.ts';
import { allEspSuiteNames, espSuiteNames } from '../../../engine/crypto/esp-suite.ts';
import { type BenchSubject, type SubjectParameters, USUAL } from '../live/subject.ts';
import { clear, engine, ipip } from '../subjects/engine.ts';
import type { ProfileOptions } from './profile.ts';

/** One row of the matrix. */
export interface CipherRow {
  /** `aes128gcm16-tunnel-4in6`: suite, mode, inner in outer family; `ah-sha256-tunnel-4in4`. */
  readonly name: string;
  readonly title: string;
  readonly subject: BenchSubject;
  readonly parameters: SubjectParameters;
  /** The row without the cipher, or without the tunnel; null: there is nothing left to leave out. */
  readonly ceiling: string | null;
}

type Way = Pick<SubjectParameters, 'mode' | 'outer' | 'inner'>;

const FAMILIES = [4, 6] as const;
const WAYS: readonly Way[] = (['tunnel', 'transport'] as const).flatMap(mode =>
  FAMILIES.flatMap(outer => FAMILIES.map(inner => ({ mode, outer, inner }))),
);

/** Of each kind of cipher one, with which all modes and families are measured. */
const EVERYWHERE = ['aes128gcm16', 'chacha20poly1305', 'aes256-sha256', 'null-sha256'];
const EVERYWHERE_LEGACY = ['3des-sha1'];
/** Of a quick run; as many with the legacy ones, which then are what it is about. */
const SAMPLE = ['aes128gcm16', 'chacha20poly1305', 'aes128-sha1', 'aes128-sha512', 'null-sha256'];
const SAMPLE_LEGACY = ['aes128-sha1', 'aes128-sha512', '3des-sha1', 'des-sha1', 'blowfish-sha1'];

/**
 * What `ciphers` measures: every suite in tunnel mode and IPv4, and some of them in both modes with every family inside and outside: mode
 * and families cost so much a packet whatever the cipher is; and AH. Beside them the tunnel without either, and the gateways without one.
 */
export function cipherRows({ quick, legacy }: ProfileOptions): readonly CipherRow[] {
  const all = legacy ? allEspSuiteNames() : espSuiteNames();
  const sample = legacy ? SAMPLE_LEGACY : SAMPLE;
  const suites = quick ? sample : all;
  const everywhere = quick ? [] : [...EVERYWHERE, ...(legacy ? EVERYWHERE_LEGACY : [])];
  const references = WAYS.filter(({ mode, ...way }) => mode === 'tunnel' && (!quick || isUsual({ mode, ...way })));
  return [
    ...references.filter(({ outer, inner }) => outer === inner).map(clearRow),
    ...references.map(tunnelRow),
    ...WAYS.flatMap(way => (isUsual(way) ? suites : everywhere).map(cipher => suiteRow(cipher, way))),
    ...(quick ? [] : ahSuiteNames().map(ahRow)),
  ];
}

const isUsual = ({ mode, outer, inner }: Way): boolean =>
  mode === USUAL.mode && outer === USUAL.outer && inner === USUAL.inner;

const NONE: SubjectParameters = { ...USUAL, cipher: 'none' };
const inText = ({ inner, outer }: Way): string => `${inner}in${outer}`;

const clearRow = (way: Way): CipherRow => ({
  name: `clear-${way.inner}`,
  title: `forwarding alone, IPv${way.inner}`,
  subject: clear,
  parameters: { ...NONE, ...way },
  ceiling: null,
});

const tunnelRow = (way: Way): CipherRow => ({
  name: `ipip-${inText(way)}`,
  title: `IPv${way.inner} in IPv${way.outer}, no ESP`,
  subject: ipip,
  parameters: { ...NONE, ...way },
  ceiling: `clear-${way.inner}`,
});

const suiteRow = (cipher: string, way: Way): CipherRow => ({
  name: `${cipher}-${way.mode}-${inText(way)}`,
  title: `${cipher}, ${way.mode} mode, IPv${way.inner} in IPv${way.outer}`,
  subject: engine,
  parameters: { ...USUAL, ...way, cipher },
  ceiling: `ipip-${inText(way)}`,
});

const ahRow = (ah: string): CipherRow => ({
  name: `ah-${ah}-tunnel-${inText(USUAL)}`,
  title: `AH ${ah}, tunnel mode, IPv4 in IPv4`,
  subject: engine,
  parameters: { ...NONE, ah },
  ceiling: `ipip-${inText(USUAL)}`,
});
