import { legacyReason } from '../crypto/algorithm-entry.ts';
import { encryptionNamed, integrityNamed, namesIn } from '../crypto/dialects.ts';
import { type EncryptionAlgorithm, encryptionAlgorithms } from '../crypto/encryption.ts';
import { combineEsp } from '../crypto/esp-suite.ts';
import { type IntegrityAlgorithm, integrityAlgorithms } from '../crypto/integrity.ts';
import { weakKeyReason } from '../crypto/weak-keys.ts';
import { type Place, quoted, type Report } from './diagnostic.ts';
import { saEndText, takeSaEnds } from './setkey-address.ts';
import { type Extensions, readExtensions } from './setkey-extension.ts';
import { fitting, hexadecimal, keyOctets } from './setkey-key.ts';
import { shown, type WordReader } from './setkey-reader.ts';
import type { SetkeySa, SetkeySaId } from './setkey-statement.ts';
import { didYouMean } from './suggest.ts';
import type { Word } from './words.ts';

export interface SetkeyRules {
  /** Whether algorithms that RFC 8221 warns of may be used. */
  readonly legacy: boolean;
}

/** `add` behind its name; null: reported. */
export function readAdd(place: Place, words: WordReader, rules: SetkeyRules, report: Report): SetkeySa | null {
  const ends = takeSaEnds(words, report);
  if (ends === null) return null;
  const protocol = takeSaProtocol(words, report);
  if (protocol === null) return null;
  const spi = takeSpi(words, report);
  const extensions = readExtensions(place, words, report);
  if (spi === null || extensions === null) return null;
  const before = report.count;
  const keys =
    protocol.name === 'ah' ? ahKeys(place, extensions, rules, report) : espKeys(place, extensions, rules, report);
  const { source, destination } = ends;
  const portWithoutUdp = !protocol.inUdp && (source.port ?? destination.port) !== null;
  if (portWithoutUdp) report.error(place, 'ports belong to esp-udp alone', 'take them away, or write esp-udp');
  if (keys === null || report.count > before) return null;
  return {
    input: {
      policy: null,
      protocol: protocol.name,
      spi,
      mode: extensions.mode ?? 'transport',
      source: saEndText(source),
      destination: saEndText(destination),
      ...keys,
      requestId: extensions.requestId,
      esn: extensions.esn,
      windowPackets: extensions.windowPackets,
      lifetime: { soft: extensions.soft, hard: extensions.hard },
      counterOverflow: extensions.counterOverflow,
    },
    isAnyMode: extensions.mode === null,
    udp: protocol.inUdp ? { sourcePort: source.port ?? NAT_T, destinationPort: destination.port ?? NAT_T } : null,
  };
}

/** RFC 3948 §2.1. */
const NAT_T = 4500;

/** `delete` and `get` behind their names; null: reported. */
export function readSaId(words: WordReader, report: Report): SetkeySaId | null {
  const which = readSaSet(words, report);
  const spi = which === null ? null : takeSpi(words, report);
  if (which === null || spi === null) return null;
  words.finish(report);
  return { ...which, spi };
}

/** `deleteall` behind its name; null: reported. */
export function readSaSet(words: WordReader, report: Report): Omit<SetkeySaId, 'spi'> | null {
  const ends = takeSaEnds(words, report);
  const protocol = ends === null ? null : takeSaProtocol(words, report);
  if (ends === null || protocol === null) return null;
  return { source: saEndText(ends.source), destination: saEndText(ends.destination), protocol: protocol.name };
}

const PROTOCOLS = ['esp', 'ah', 'esp-udp'] as const;
const REFUSED: Readonly<Record<string, { readonly why: string; readonly fix: string }>> = {
  ipcomp: { why: 'IPComp is not part of this engine: nothing here compresses packets', fix: 'use esp or ah' },
  'esp-old': { why: 'ESP of RFC 1827 has neither integrity nor protection against replays', fix: 'use esp' },
  'ah-old': { why: 'AH of RFC 1826 does not protect against replays', fix: 'use ah' },
  tcp: { why: 'TCP MD5 signatures are not IPsec', fix: 'use esp or ah' },
};

/** A protocol that may be left out, as in `flush esp`. undefined: reported. */
export function takeOptionalProtocol(words: WordReader, report: Report): 'esp' | 'ah' | null | undefined {
  if (words.peek() === null) return null;
  const protocol = takeSaProtocol(words, report);
  words.finish(report);
  return protocol === null ? undefined : protocol.name;
}

function takeSaProtocol(
  words: WordReader,
  report: Report,
): { readonly name: 'esp' | 'ah'; readonly inUdp: boolean } | null {
  const word = words.take('esp or ah', report);
  if (word === null) return null;
  const name = PROTOCOLS.find(known => known === word.text);
  if (name !== undefined) return { name: name === 'ah' ? 'ah' : 'esp', inUdp: name === 'esp-udp' };
  const refused = Object.hasOwn(REFUSED, word.text) ? REFUSED[word.text] : undefined;
  if (refused !== undefined) report.error(word.place, refused.why, refused.fix);
  else report.error(word.place, `${shown(word)} is not a protocol of IPsec`, didYouMean(word.text, PROTOCOLS, ''));
  while (words.next() !== null);
  return null;
}

function takeSpi(words: WordReader, report: Report): number | null {
  const word = words.take('the SPI', report);
  if (word === null) return null;
  const spi = /^(?:[0-9]{1,10}|0x[0-9a-f]{1,8})$/i.test(word.text) ? Number(word.text) : null;
  if (spi === null || spi > 0xffff_ffff) {
    report.error(word.place, `${shown(word)} is not an SPI`, 'write a number up to 4294967295, or up to 0xffffffff');
    return null;
  }
  if (spi >= 256) return spi;
  report.error(word.place, 'the SPIs up to 255 are reserved (RFC 4303 §2.1)', 'use 256 or more');
  return null;
}

interface Keys {
  readonly suite: string;
  readonly encryptionKey: string;
  readonly integrityKey: string;
}

function espKeys(place: Place, { encryption, integrity }: Extensions, rules: SetkeyRules, report: Report): Keys | null {
  if (encryption === null) {
    report.error(place, 'ESP without an encryption algorithm', 'add -E aes-cbc with a key, or -E null for none');
    return null;
  }
  const cipher = keyed(encryption, encryptionNamed('kame', encryption.name.text), ENCRYPTION, rules, report);
  const mac =
    integrity === null ? null : keyed(integrity, integrityNamed('kame', integrity.name.text), INTEGRITY, rules, report);
  if (cipher === null || (integrity !== null && mac === null)) return null;
  const weakness = weakKeyReason(cipher.algorithm, cipher.key);
  if (weakness !== null && encryption.key !== null) report.error(encryption.key.place, weakness, 'use another key');
  const found = combineEsp(cipher.algorithm, mac?.algorithm ?? null);
  const keys = { encryptionKey: hexadecimal(cipher.key), integrityKey: hexadecimal(mac?.key ?? NONE) };
  if (found.kind === 'suite') return { suite: found.suite.name, ...keys };
  const why = found.kind === 'unknown' ? 'ESP cannot use these two together' : found.why;
  const fix =
    integrity === null
      ? 'add -A hmac-sha2-256 with a key of 32 octets'
      : cipher.algorithm.aead
        ? 'take -A away'
        : 'use hmac-sha2-256, hmac-sha2-384 or hmac-sha2-512';
  report.error((integrity ?? encryption).name.place, why, fix);
  return null;
}

const NONE = new Uint8Array(0);

function ahKeys(place: Place, { encryption, integrity }: Extensions, rules: SetkeyRules, report: Report): Keys | null {
  if (encryption !== null) report.error(encryption.name.place, 'AH does not encrypt', 'take -E away, or write esp');
  if (integrity === null) {
    report.error(place, 'AH without an authentication algorithm', 'add -A hmac-sha2-256 with a key of 32 octets');
    return null;
  }
  const mac = keyed(integrity, integrityNamed('kame', integrity.name.text), INTEGRITY, rules, report);
  return mac === null ? null : { suite: mac.algorithm.token, encryptionKey: '', integrityKey: hexadecimal(mac.key) };
}

type Algorithm = EncryptionAlgorithm | IntegrityAlgorithm;

const ENCRYPTION = { what: 'an encryption algorithm', all: encryptionAlgorithms() };
const INTEGRITY = { what: 'an authentication algorithm', all: integrityAlgorithms() };

function keyed<Wanted extends Algorithm>(
  { name, key }: { readonly name: Word; readonly key: Word | null },
  named: readonly Wanted[],
  kind: { readonly what: string; readonly all: readonly Algorithm[] },
  rules: SetkeyRules,
  report: Report,
): { readonly algorithm: Wanted; readonly key: Uint8Array } | null {
  const [first] = named;
  if (first === undefined) {
    const fix = didYouMean(name.text, namesIn('kame', kind.all), '');
    report.error(name.place, `${shown(name)} is not ${kind.what} of this engine`, fix);
    return null;
  }
  if (first.legacy && !rules.legacy) {
    const reason = legacyReason(first);
    const message = `${quoted(name.text)} is not used any more${reason === null ? '' : `: ${reason}`}`;
    const better = kind === ENCRYPTION ? 'aes-cbc' : 'hmac-sha2-256';
    report.error(name.place, message, `use ${better}, or allow it with legacy: true under files, in the topology`);
  }
  if (first.unavailable !== null) {
    report.error(name.place, `${quoted(name.text)} cannot be computed here: ${first.unavailable}`, 'use aes-cbc');
  }
  if (key === null) {
    const isKeyless = first.keyOctets + first.saltOctets === 0;
    if (isKeyless) return { algorithm: first, key: NONE };
    report.error(name.place, `${quoted(name.text)} without a key`, 'write the key behind it, in quotes or with 0x');
    return null;
  }
  // KAME takes a key of any length for "null", and uses none.
  if (first.keyOctets === 0) return { algorithm: first, key: NONE };
  const octets = keyOctets(key, report);
  const algorithm = octets === null ? null : fitting(named, octets, key, name.text, report);
  return octets === null || algorithm === null ? null : { algorithm, key: octets };
}
