import { formatIdentity, parseIdentity } from '../ike/identity.ts';
import type { SharedSecretConfig } from '../ike/config.ts';
import { quoted, Report } from './diagnostic.ts';
import type { SecretsReading } from './key-rules.ts';

const KEY_OCTETS_MAX = 4096;
const ENTRIES_MAX = 20_000;

/**
 * Reads racoon's file of preshared keys (racoon.conf(5), Pre-shared key File): on each line who the peer is, blanks, and its key to
 * the end of the line, as text or, with 0x before them, hexadecimal digits. No message shows a key.
 */
export function readPskFile(file: string, text: string): SecretsReading {
  const report = new Report(file);
  const secrets = new Map<string, SharedSecretConfig>();
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const place = { line: index + 1, column: 1 };
    if (line.startsWith('#') || line.trim() === '') continue;
    if (secrets.size >= ENTRIES_MAX) {
      report.error(place, `more than ${ENTRIES_MAX} keys`, 'make the file shorter');
      break;
    }
    const [, indent = '', name = '', key = ''] = /^(\s*)(\S+)[ \t]*(.*)$/s.exec(line) ?? [];
    const at = { line: index + 1, column: indent.length + 1 };
    const identity = identityOf(name);
    if (key === '') {
      // Not quoted: it may be a key whose owner is missing.
      report.error(at, 'a name without a key, or a key without a name', 'write 192.0.2.1, blanks, and the key');
      continue;
    }
    const secret = octetsOf(key);
    if (identity === null) {
      const fix = 'write 192.0.2.1, bob.lab or bob@lab.example before the key';
      report.error(at, `${quoted(name.slice(0, 40))} is no address and no name`, fix);
    } else if (secret === null) {
      report.error(
        at,
        `the key of ${quoted(name)} begins like hexadecimal digits, or is too long`,
        'write 0x and pairs of digits',
      );
    } else if (secrets.has(identity)) {
      report.error(at, `${quoted(name)} has a key in a line before`, 'keep one of the two');
    } else secrets.set(identity, { identities: identity === '%any' ? [] : [identity], secret });
  }
  const diagnostics = report.diagnostics();
  return { secrets: diagnostics.length > 0 ? null : [...secrets.values()], diagnostics };
}

/** `*` is everybody. */
function identityOf(name: string): string | null {
  if (name === '*') return '%any';
  const identity = parseIdentity(name);
  const isNumbers = /^[0-9.]+$/.test(name) && identity?.kind !== 'ipv4';
  if (identity === null || identity.kind === 'any' || name.includes('*') || isNumbers) return null;
  return formatIdentity(identity);
}

function octetsOf(key: string): string | null {
  const [, digits] = /^0x(.*)$/is.exec(key) ?? [];
  const trimmed = digits?.trim();
  if (trimmed !== undefined && !/^([0-9a-f]{2})+$/i.test(trimmed)) return null;
  const hex = trimmed === undefined ? Buffer.from(key, 'utf8').toString('hex') : trimmed.toLowerCase();
  return hex.length <= 2 * KEY_OCTETS_MAX ? hex : null;
}
