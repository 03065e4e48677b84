import { formatIdentity, parseIdentity } from '../ike/identity.ts';
import { parseDistinguishedName } from '../pki/name-text.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { formatPrefix, networkOf, parsePrefix } from '../wire/prefix.ts';
import { quoted } from './diagnostic.ts';
import type { NamedFile, RuleSelector } from './key-rules.ts';
import type { StatementReader } from './racoon-statements.ts';
import { didYouMean } from './suggest.ts';

/** An address of a statement; null after a diagnostic. */
export function addressOf(reader: StatementReader): string | null {
  const word = reader.next('192.0.2.1');
  const address = word === null ? null : parseAddress(word.text);
  if (address !== null) return formatAddress(address);
  if (word !== null)
    reader.error(`${quoted(word.text)} is no address`, 'write an address: nothing looks names up here', word.place);
  return null;
}

/** `[500]` where it is there; `any` for `[any]`; undefined: it is not there. */
export function portOf(reader: StatementReader): number | 'any' | undefined {
  if (!reader.takes('[')) return undefined;
  const port = reader.takes('any') ? 'any' : reader.number(0, 65_535);
  if (!reader.takes(']')) reader.error('a port is not closed', 'write [500]');
  return port ?? 'any';
}

const KINDS = ['address', 'fqdn', 'user_fqdn', 'keyid', 'asn1dn'] as const;

/** What `my_identifier` and `peers_identifier` say. */
export type RacoonIdentifier =
  /** `text` null: the address that is spoken from; of a name that of the certificate. */
  { readonly kind: 'address' | 'dn'; readonly text: string | null } | { readonly kind: 'name'; readonly text: string };

export function identifierOf(reader: StatementReader): RacoonIdentifier | null {
  const kind = reader.word(KINDS);
  if (kind === null) return null;
  if (kind === 'address') return reader.isAtEnd ? { kind, text: null } : addressed(addressOf(reader));
  if (kind === 'asn1dn' && reader.isAtEnd) return { kind: 'dn', text: null };
  if (kind === 'keyid') {
    if (!reader.takes('tag')) {
      reader.error('a keyid comes from no file here', 'write keyid tag "…"');
      return null;
    }
    const tag = reader.text();
    return tag === null ? null : { kind: 'name', text: `keyid:${Buffer.from(tag.text, 'utf8').toString('hex')}` };
  }
  const word = reader.text();
  if (word === null) return null;
  if (kind === 'asn1dn') {
    const der = parseDistinguishedName(word.text, 'rootFirst');
    if (der !== null) return { kind: 'dn', text: formatIdentity({ kind: 'dn', der }) };
    reader.error(`${quoted(word.text)} is no distinguished name`, 'write "C=DE, O=Lab, CN=alice"', word.place);
    return null;
  }
  const identity = parseIdentity(`${kind === 'fqdn' ? 'fqdn' : 'email'}:${word.text}`);
  if (identity !== null) return { kind: 'name', text: formatIdentity(identity) };
  reader.error(`${quoted(word.text)} is no such name`, 'write "bob.lab", or of user_fqdn "bob@lab"', word.place);
  return null;
}

const addressed = (text: string | null): RacoonIdentifier | null => (text === null ? null : { kind: 'address', text });

/** A file, without folder and ending. */
export function fileOf(reader: StatementReader): NamedFile | null {
  const word = reader.text();
  return word === null ? null : { kind: 'file', file: keyFileName(word.text), place: word.place };
}

/** What racoon.conf and a node's folder of certificates call the same: the name of a file without folder and ending. */
export const keyFileName = (path: string): string =>
  (path.split('/').at(-1) ?? path).replace(/\.(pem|crt|cer|cert|der|key|pub)$/, '');

const PROTOCOLS: ReadonlyMap<string, number | 'any'> = new Map<string, number | 'any'>([
  ['any', 'any'],
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['icmp6', 58],
  ['ipv6-icmp', 58],
]);

/** `address 10.0.0.1 [80] tcp`, `subnet 10.0.0.0/24 any`. */
export function selectorOf(reader: StatementReader): RuleSelector | null {
  if (reader.word(['address', 'subnet']) === null) return null;
  const word = reader.next('subnet 10.0.0.0/24 any');
  if (word === null) return null;
  const length = reader.takes('/') ? reader.number(0, 128) : null;
  const prefix = parsePrefix(`${word.text}/${length ?? (word.text.includes(':') ? 128 : 32)}`);
  const port = portOf(reader);
  const name = reader.next('… any');
  if (prefix === null) {
    reader.error(
      `${quoted(length === null ? word.text : `${word.text}/${length}`)} is no network`,
      'write 10.0.0.0/24',
      word.place,
    );
    return null;
  }
  if (name === null) return null;
  const protocol = PROTOCOLS.get(name.text) ?? (/^[0-9]{1,3}$/.test(name.text) ? Number(name.text) : undefined);
  if (protocol === undefined || (protocol !== 'any' && protocol > 255)) {
    reader.error(`${quoted(name.text)} is no protocol`, didYouMean(name.text, [...PROTOCOLS.keys()], ''), name.place);
    return null;
  }
  return { addresses: formatPrefix(networkOf(prefix)), protocol, port: port ?? 'any' };
}
