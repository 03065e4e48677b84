import type { Certificate } from '../../pki/certificate.ts';
import { isEmptyName, namesEqual } from '../../pki/name.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { Identity } from '../identity.ts';

/**
 * Whether a certificate is about an identity, RFC 4945 §3.1: an address, a name or a mail address has to stand among its
 * alternative names, without wildcards; a distinguished name has to be its subject, all of it. Encodings of one text in
 * distinguished names count as the same (RFC 5280 §7.1): what peers send is often written anew from their configuration.
 */
export function certifies(certificate: Certificate, identity: Identity): boolean {
  const names = certificate.extensions.subjectAltNames;
  switch (identity.kind) {
    case 'ipv4':
    case 'ipv6':
      return names.some(name => name.kind === 'ip' && octetsEqual(name.octets, identity.address));
    case 'fqdn':
      return names.some(name => name.kind === 'dns' && isSameText(name.text, identity.name));
    case 'email':
      return names.some(name => name.kind === 'email' && isSameText(name.text, identity.name));
    case 'dn':
      return !isEmptyName(certificate.subject) && namesEqual(certificate.subject, identity.der);
    case 'any':
    case 'null':
    case 'keyid':
    case 'other':
      return false;
  }
}

/** Without regard to case, and to nothing else: lengths count. */
const isSameText = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
