import { formatIdentity, parseIdentity } from '../ike/identity.ts';
import { formatDistinguishedName, parseDistinguishedName } from '../pki/name-text.ts';
import type { Place } from './diagnostic.ts';

/**
 * How ike/config names certificates (ike.config(4), `cert-sel`): by subject, by another name in them, by issuer or by their slot.
 * Names are as `IdentityText`, in its one spelling.
 */
export interface CertificateSelector {
  readonly kind: 'subject' | 'name' | 'issuer' | 'slot' | 'any';
  /** The slot as digits; empty with `any`. */
  readonly value: string;
  /** `!`: all others. */
  readonly isNegative: boolean;
  /** As it was written. */
  readonly text: string;
  readonly place: Place;
}

/** What selectors look at. Names as `IdentityText`. */
export interface KnownCertificate {
  /** What the caller calls it. */
  readonly name: string;
  readonly subject: string;
  readonly issuer: string;
  /** Names besides the subject. */
  readonly names: readonly string[];
  readonly slot: number | null;
}

/** Reads one; null: it names nothing. Distinguished names go from the root. */
export function parseSelector(text: string, place: Place): CertificateSelector | null {
  const isNegative = text.startsWith('!');
  const bare = (isNegative ? text.slice(1) : text).trim();
  const found = kindOf(bare);
  return found === null ? null : { ...found, isNegative, text, place };
}

export function selects(selector: CertificateSelector, certificate: KnownCertificate): boolean {
  return isMeant(selector, certificate) !== selector.isNegative;
}

/** Who the peer has to be that a selector describes; null: nobody in particular. */
export function identityMeant({ kind, value, isNegative }: CertificateSelector): string | null {
  return (kind === 'subject' || kind === 'name') && !isNegative ? value : null;
}

function kindOf(text: string): Pick<CertificateSelector, 'kind' | 'value'> | null {
  if (text === '') return { kind: 'any', value: '' };
  const [, key = '', rest = ''] = /^(SLOT|ISSUER|SUBJECT|DN|EMAIL|IP|DNS|URI|GN)=(.*)$/is.exec(text) ?? [];
  const value = rest.trim();
  switch (key.toUpperCase()) {
    case 'SLOT':
      return /^[0-9]{1,6}$/.test(value) ? { kind: 'slot', value: String(Number(value)) } : null;
    case 'ISSUER':
      return named('issuer', distinguished(value));
    case 'SUBJECT':
    case 'DN':
      return named('subject', distinguished(value));
    case 'EMAIL':
      return named('name', normal(`email:${value}`));
    case 'DNS':
      return named('name', normal(`fqdn:${value}`));
    case 'IP':
      return named('name', normal(`${value.includes(':') ? 'ipv6' : 'ipv4'}:${value}`));
    case 'URI':
    case 'GN':
      return null;
    default:
      return text.includes('=') ? named('subject', distinguished(text)) : named('name', normal(text));
  }
}

const named = (kind: 'subject' | 'name' | 'issuer', value: string | null) => (value === null ? null : { kind, value });

function distinguished(text: string): string | null {
  const der = parseDistinguishedName(text, 'rootFirst');
  return der === null ? null : formatDistinguishedName(der);
}

function normal(text: string): string | null {
  const identity = parseIdentity(text);
  return identity === null || identity.kind === 'any' ? null : formatIdentity(identity);
}

function isMeant({ kind, value }: CertificateSelector, { subject, issuer, names, slot }: KnownCertificate): boolean {
  if (kind === 'any') return true;
  if (kind === 'subject') return isSame(subject, value);
  if (kind === 'issuer') return isSame(issuer, value);
  if (kind === 'slot') return slot !== null && String(slot) === value;
  return names.some(name => isSame(name, value));
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
