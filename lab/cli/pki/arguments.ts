import { type Command, Option } from 'commander';
import { oneOf, didYouMean } from '../../../engine/config/suggest.ts';
import type { KeyKind, SignatureScheme } from '../../../engine/crypto/signature.ts';
import { scheme } from '../../../engine/crypto/signature-scheme.ts';
import { parseIdentity } from '../../../engine/ike/identity.ts';
import { REASONS } from '../../../engine/pki/crl.ts';
import type { GeneralName } from '../../../engine/pki/general-name.ts';
import { parseDistinguishedName } from '../../../engine/pki/name-text.ts';
import { parsePrefix } from '../../../engine/wire/prefix.ts';
import { KEY_KINDS } from '../../topology/pki-description.ts';
import { SIMULATION_EPOCH_NS } from '../../drivers/sim/clock.ts';
import { badInput } from '../../state/failure.ts';

/** Options that several commands of `lab pki` share, and what their texts mean. */
export interface CommonOptions {
  readonly dir: string;
  readonly json?: true;
}

export interface KeyOptions extends CommonOptions {
  readonly key: KeyKind;
  readonly subject?: string;
  readonly force?: true;
}

export interface NameOptions {
  readonly alt?: readonly string[];
}

export interface LifeOptions {
  /** Absent: what the command takes then. */
  readonly days?: string;
  /** Absent: now. */
  readonly notBefore?: string;
  readonly sign?: string;
}

export const DIR_OPTION = new Option('--dir <directory>', 'where the PEM files are').default('pki');
export const KEY_OPTION = new Option('--key <kind>', 'what kind of key to make').choices(KEY_KINDS).default('ecdsa256');
export const FORCE_OPTION = ['--force', 'overwrite what is there'] as const;
export const SUBJECT_OPTION = [
  '--subject <dn>',
  'distinguished name: "CN=alice, O=Lab"; CN=NAME where it is absent',
] as const;
export const ALT_OPTION = ['--alt <name...>', 'other names: alice.lab, 192.0.2.1, alice@lab.example'] as const;
export const SIGN_OPTION = [
  '--sign <scheme>',
  'how to sign: rsa-sha512, rsa-pss-sha256, ecdsa-sha384; as suits the key where it is absent',
] as const;

export const DAY_SECONDS = 86_400;
const DAYS_MAX = 36_600;

/** What `instantOf` reads. */
export const TIMES = '2026-01-31, 2026-01-31T12:00:00Z, or "simulated", when every simulated lab begins';

/** When something is done, for labs that live at another time. */
export const AT_OPTION = ['--at <time>', `${TIMES}; now where it is absent`] as const;

/** `--days`, and what a command takes where it is absent. */
export function daysOption(command: Command, otherwise: number): Command {
  return command.option('--days <days>', `how long it is valid; ${otherwise} where it is absent`);
}

/** `--not-before` and `--days`. */
export function lifeOptions(command: Command, otherwise: number): Command {
  return daysOption(command, otherwise).option(
    '--not-before <time>',
    `from when on it is valid: ${TIMES}; now where it is absent`,
  );
}

/** The DER of a subject. */
export function subjectOf(text: string | undefined, name: string): Uint8Array {
  const der = parseDistinguishedName(text ?? `CN=${name}`);
  if (der !== null) return der;
  throw badInput(`"${text}" is not a distinguished name`, 'write "CN=alice, O=Lab, C=DE"; \\, for a comma inside');
}

export function altNamesOf(texts: readonly string[] | undefined): readonly GeneralName[] {
  return (texts ?? []).map(text => {
    const identity = parseIdentity(text);
    if (identity?.kind === 'fqdn' && !identity.name.includes('*')) return { kind: 'dns', text: identity.name };
    if (identity?.kind === 'email' && !identity.name.includes('*')) return { kind: 'email', text: identity.name };
    if (identity?.kind === 'ipv4' || identity?.kind === 'ipv6') return { kind: 'ip', octets: identity.address };
    throw badInput(`"${text}" is no name for a certificate`, 'write alice.lab, 192.0.2.1 or alice@lab.example');
  });
}

/** `dns:lab`, `email:lab`, `ip:10.0.0.0/8`, `dn:O=Lab`. */
export function constraintsOf(texts: readonly string[] | undefined): readonly GeneralName[] {
  return (texts ?? []).map(text => {
    const [, kind = '', value = ''] = /^([a-z]+):(.+)$/.exec(text) ?? [];
    if (kind === 'dns' || kind === 'email' || kind === 'uri') return { kind, text: value };
    const prefix = kind === 'ip' ? parsePrefix(value) : null;
    if (prefix !== null) return { kind: 'ip', octets: addressAndMask(prefix.address, prefix.length) };
    const name = kind === 'dn' ? parseDistinguishedName(value) : null;
    if (name !== null) return { kind: 'directory', name };
    throw badInput(`"${text}" is no constraint`, 'write dns:lab, email:lab, ip:10.0.0.0/8, uri:.lab or "dn:O=Lab"');
  });
}

export function secondsOf(days: string | undefined, otherwise: number): number {
  if (days === undefined) return otherwise * DAY_SECONDS;
  const value = /^\d+(\.\d+)?$/.test(days) ? Math.round(Number(days) * DAY_SECONDS) : 0;
  if (value >= 1 && value <= DAYS_MAX * DAY_SECONDS) return value;
  throw badInput(`"${days}" is no number of days`, `give 30, or 0.5; ${DAYS_MAX} at most`);
}

/** Clocks differ: what is issued now is valid a little before. Seconds. */
const BACKDATED_SECONDS = 300;

/** From when on something is valid, in seconds since the Unix epoch; `counted`: where its days begin. */
export function beginningOf({ notBefore: from }: LifeOptions): {
  readonly notBefore: number;
  readonly counted: number;
} {
  const counted = momentOf(from);
  return { notBefore: from === undefined ? counted - BACKDATED_SECONDS : counted, counted };
}

/** Seconds since the Unix epoch; now, where no time is given. */
export function momentOf(text: string | undefined): number {
  return text === undefined ? Math.floor(Date.now() / 1000) : instantOf(text);
}

export function schemeOfText(text: string | undefined): SignatureScheme | null {
  if (text === undefined) return null;
  const found = scheme(text);
  if (found === null)
    throw badInput(`there is no signature scheme "${text}"`, 'rsa-sha256, rsa-pss-sha256, ecdsa-sha256, ed25519');
  if ('hash' in found && found.hash === 'sha1') throw badInput('SHA-1 signs nothing any more', 'use sha256 or more');
  return found;
}

export function reasonOf(text: string): string {
  const reasons = REASONS.filter(reason => reason !== null && reason !== 'removeFromCRL').map(String);
  if (reasons.includes(text)) return text;
  throw badInput(`"${text}" is no reason`, didYouMean(text, reasons, `one of ${oneOf(reasons)}`));
}

/** Seconds since the Unix epoch of `2026-01-31`, `2026-01-31T12:00:00Z` or `simulated`. */
function instantOf(text: string): number {
  if (text === 'simulated') return Number(SIMULATION_EPOCH_NS / 1_000_000_000n);
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(text);
  const milliseconds = isDate ? Date.parse(text.length > 10 && !text.endsWith('Z') ? `${text}Z` : text) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return Math.floor(milliseconds / 1000);
  throw badInput(`"${text}" is no time`, `write ${TIMES}`);
}

function addressAndMask(address: Uint8Array, length: number): Uint8Array {
  const mask = Uint8Array.from(address, (_, i) => (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff);
  return Uint8Array.from([...address, ...mask]);
}
