import { nameMatches, namesEqual, parseName } from '../pki/name.ts';
import { formatDistinguishedName, parseDistinguishedName } from '../pki/name-text.ts';
import { type Address, addressesEqual, formatAddress, parseAddress } from '../wire/address.ts';
import { octetsEqual } from '../wire/octets.ts';
import type { IdPayload } from '../wire/ike/payload.ts';
import { IdType } from '../wire/ike/registry.ts';
import type { IdentityText } from './config.ts';

/** Who somebody says to be, RFC 7296 §3.5, or who is expected. */
export type Identity =
  /** Only expected: whoever it is. */
  | { readonly kind: 'any' }
  /** RFC 7619 §2.2. */
  | { readonly kind: 'null' }
  | { readonly kind: 'ipv4' | 'ipv6'; readonly address: Address }
  /** As it was written: compared without regard to case. */
  | { readonly kind: 'fqdn' | 'email'; readonly name: string }
  /** A Name of X.501, DER. */
  | { readonly kind: 'dn'; readonly der: Uint8Array }
  | { readonly kind: 'keyid'; readonly octets: Uint8Array }
  /** ID_DER_ASN1_GN, and types that we do not know: equal to themselves and matched by `any` alone. */
  | { readonly kind: 'other'; readonly idType: number; readonly octets: Uint8Array };

/** How well an identity fits what was expected; the first is the most specific. */
export type IdentityFit = 'exact' | 'wildcard' | 'any';

const NAME_OCTETS_MAX = 255;
const MAIL_OCTETS_MAX = 320;

/** Reads what `IdentityText` describes; null for anything else. */
export function parseIdentity(text: IdentityText): Identity | null {
  if (text === '%any') return { kind: 'any' };
  const forced = /^(fqdn|email|dn|ipv4|ipv6|keyid|null):(.*)$/s.exec(text);
  if (forced !== null) return parseAs(forced[1] ?? '', forced[2] ?? '');
  if (text.includes('=')) return parseAs('dn', text);
  const address = parseAddress(text);
  if (address !== null) return identityOfAddress(address);
  if (text.includes('@')) return parseAs('email', text);
  return /^[a-z0-9_.*-]+$/i.test(text) ? parseAs('fqdn', text) : null;
}

/** Text that `parseIdentity` reads as the same, but for kind `other`; control characters do not get through. */
export function formatIdentity(identity: Identity): IdentityText {
  switch (identity.kind) {
    case 'any':
      return '%any';
    case 'null':
      return 'null:';
    case 'ipv4':
    case 'ipv6':
      return formatAddress(identity.address);
    case 'fqdn':
    case 'email': {
      const plain = parseIdentity(identity.name);
      return plain?.kind === identity.kind ? identity.name : `${identity.kind}:${identity.name}`;
    }
    case 'dn': {
      const text = formatDistinguishedName(identity.der) ?? '';
      return text === '' ? 'dn:' : text;
    }
    case 'keyid':
      return `keyid:${Buffer.from(identity.octets).toString('hex')}`;
    case 'other':
      return `type ${identity.idType}:${Buffer.from(identity.octets).toString('hex')}`;
  }
}

export function identityOfAddress(address: Address): Identity {
  return { kind: address.length === 4 ? 'ipv4' : 'ipv6', address };
}

/** What a peer says of itself; null: not well formed. The identity owns its octets. */
export function identityOfPayload(id: Pick<IdPayload, 'idType' | 'data'>): Identity | null {
  const data = Uint8Array.from(id.data);
  switch (id.idType) {
    case IdType.ID_IPV4_ADDR:
      return data.length === 4 ? { kind: 'ipv4', address: data } : null;
    case IdType.ID_IPV6_ADDR:
      return data.length === 16 ? { kind: 'ipv6', address: data } : null;
    case IdType.ID_FQDN:
      return nameIdentity('fqdn', Buffer.from(data).toString('latin1'));
    case IdType.ID_RFC822_ADDR:
      return mailIdentity(data);
    case IdType.ID_DER_ASN1_DN:
      return parseName(data) !== null ? { kind: 'dn', der: data } : null;
    case IdType.ID_KEY_ID:
      return { kind: 'keyid', octets: data };
    case IdType.ID_NULL:
      return { kind: 'null' }; // whatever comes with it is ignored, RFC 7619 §2.2
    default:
      return { kind: 'other', idType: id.idType, octets: data };
  }
}

export function payloadOfIdentity(identity: Identity, type: IdPayload['type']): IdPayload {
  switch (identity.kind) {
    case 'any':
      throw new Error('%any is nobody to be');
    case 'null':
      return { type, idType: IdType.ID_NULL, data: new Uint8Array(0) };
    case 'ipv4':
      return { type, idType: IdType.ID_IPV4_ADDR, data: identity.address };
    case 'ipv6':
      return { type, idType: IdType.ID_IPV6_ADDR, data: identity.address };
    case 'fqdn':
      return { type, idType: IdType.ID_FQDN, data: Buffer.from(identity.name, 'latin1') };
    case 'email':
      return { type, idType: IdType.ID_RFC822_ADDR, data: Buffer.from(identity.name, 'utf8') };
    case 'dn':
      return { type, idType: IdType.ID_DER_ASN1_DN, data: identity.der };
    case 'keyid':
      return { type, idType: IdType.ID_KEY_ID, data: identity.octets };
    case 'other':
      return { type, idType: identity.idType, data: identity.octets };
  }
}

/** Whether `actual` is one of those that `expected` stands for; wildcards count in `expected` alone. */
export function identityMatches(expected: Identity, actual: Identity): boolean {
  return identityFit(expected, actual) !== null;
}

/** null: it does not match. */
export function identityFit(expected: Identity, actual: Identity): IdentityFit | null {
  if (expected.kind === 'any') return actual.kind === 'any' ? 'exact' : 'any';
  if (expected.kind !== actual.kind) return null;
  if (identitiesEqual(expected, actual)) return 'exact';
  if (expected.kind === 'dn' && actual.kind === 'dn') {
    return nameMatches(expected.der, actual.der) ? 'wildcard' : null;
  }
  if ((expected.kind === 'fqdn' || expected.kind === 'email') && 'name' in actual) {
    return matchesText(expected.kind === 'fqdn' ? '.' : '@', expected.name, actual.name) ? 'wildcard' : null;
  }
  return null;
}

/** The same identity, without wildcards. Lengths count: a name that ends early equals none that goes on. */
function identitiesEqual(a: Identity, b: Identity): boolean {
  switch (a.kind) {
    case 'any':
    case 'null':
      return b.kind === a.kind;
    case 'ipv4':
    case 'ipv6':
      return b.kind === a.kind && addressesEqual(a.address, b.address);
    case 'fqdn':
    case 'email':
      return b.kind === a.kind && a.name.toLowerCase() === b.name.toLowerCase();
    case 'dn':
      return b.kind === 'dn' && namesEqual(a.der, b.der);
    case 'keyid':
      return b.kind === 'keyid' && octetsEqual(a.octets, b.octets);
    case 'other':
      return b.kind === 'other' && a.idType === b.idType && octetsEqual(a.octets, b.octets);
  }
}

function parseAs(kind: string, text: string): Identity | null {
  switch (kind) {
    case 'fqdn':
      return nameIdentity('fqdn', text);
    case 'email':
      return mailIdentity(Buffer.from(text, 'utf8'));
    case 'dn': {
      const der = parseDistinguishedName(text);
      return der === null ? null : { kind: 'dn', der };
    }
    case 'keyid':
      return /^([0-9a-f]{2})+$/i.test(text)
        ? { kind: 'keyid', octets: Uint8Array.from(Buffer.from(text, 'hex')) }
        : null;
    case 'null':
      return text === '' ? { kind: 'null' } : null;
    default: {
      const address = parseAddress(text);
      const identity = address === null ? null : identityOfAddress(address);
      return identity?.kind === kind ? identity : null;
    }
  }
}

/** Printable ASCII: no terminators, §3.5. */
function nameIdentity(kind: 'fqdn', name: string): Identity | null {
  return name.length <= NAME_OCTETS_MAX && /^[!-~]+$/.test(name) ? { kind, name } : null;
}

/** UTF-8, §3.5, with something in front of its last `@` and behind it. */
function mailIdentity(octets: Uint8Array): Identity | null {
  const name = Buffer.from(octets).toString('utf8');
  if (octets.length > MAIL_OCTETS_MAX || !octetsEqual(Buffer.from(name, 'utf8'), octets)) return null;
  // oxlint-disable-next-line no-control-regex -- those are what it looks for
  return /^[^\u0000-\u0020\u007f-\u00a0]+@[^\u0000-\u0020\u007f-\u00a0@]+$/u.test(name)
    ? { kind: 'email', name }
    : null;
}

/** `*` in front of the separator stands for what an actual name has in front of its first one of those (`.`) or last one (`@`). */
function matchesText(separator: '.' | '@', pattern: string, name: string): boolean {
  const split = (text: string) => (separator === '.' ? text.indexOf('.') : text.lastIndexOf('@'));
  const [p, n] = [split(pattern), split(name)];
  if (pattern === '*') return n < 0;
  if (p < 1 || n < 1 || pattern.slice(0, p) !== '*') return false;
  return pattern.slice(p).toLowerCase() === name.slice(n).toLowerCase();
}
