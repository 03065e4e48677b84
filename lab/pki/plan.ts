import { Oid } from '../../engine/pki/oid.ts';
import { KeyUsage, type NameConstraints } from '../../engine/pki/extension.ts';
import type { GeneralName } from '../../engine/pki/general-name.ts';
import { type CertificateRole, type IssueOrder, PLAIN_ORDER } from '../../engine/pki/issue.ts';
import { parseDistinguishedName } from '../../engine/pki/name-text.ts';
import { parseIdentity } from '../../engine/ike/identity.ts';
import { parsePrefix } from '../../engine/wire/prefix.ts';
import type {
  TopologyAuthority,
  TopologyCertificate,
  TopologyNameConstraints,
  TopologyPki,
} from '../topology/model.ts';

/** Where what an authority publishes is to be had. */
export interface Publishing {
  readonly crlUris: readonly string[];
  readonly ocspUris: readonly string[];
}

/** `start` is that of the lab, in seconds since the Unix epoch. */
export function authorityOrder(authority: TopologyAuthority, issuer: Publishing, start: number): IssueOrder {
  const { permitted, excluded, pathLength } = authority;
  const constraints = { permitted: constraintNames(permitted), excluded: constraintNames(excluded) };
  const isConstrained = constraints.permitted.length + constraints.excluded.length > 0;
  const nameConstraints: NameConstraints | null = isConstrained ? constraints : null;
  return orderOf(authority, { kind: 'ca', pathLength, nameConstraints }, issuer, start);
}

export function certificateOrder(certificate: TopologyCertificate, issuer: Publishing, start: number): IssueOrder {
  const keyUsage = certificate.keyUsage.map(usage => KEY_USAGE[usage]);
  const extendedKeyUsage = certificate.extendedKeyUsage.map(usage => EXTENDED_KEY_USAGE[usage]);
  const order = orderOf(certificate, { kind: 'end', keyUsage, extendedKeyUsage }, issuer, start);
  return { ...order, altNames: certificate.names.map(altName) };
}

/** `http://192.0.2.1:8080/crl/root.crl`; null where nobody serves. */
export function served(pki: TopologyPki, path: string): string | null {
  if (pki.server === null) return null;
  const { address, port } = pki.server;
  const host = address.includes(':') ? `[${address}]` : address;
  return `http://${host}${port === 80 ? '' : `:${port}`}/${path}`;
}

/** What certificates that an authority issues say of where to ask about them. */
export function publishingOf(pki: TopologyPki, name: string | null): Publishing {
  const authority = pki.authorities.find(candidate => candidate.name === name);
  if (authority === undefined) return { crlUris: [], ocspUris: [] };
  const uris = (isDone: boolean, path: string) => {
    const uri = isDone ? served(pki, path) : null;
    return uri === null ? [] : [uri];
  };
  return {
    crlUris: uris(authority.publishesCrl, `crl/${authority.name}.crl`),
    ocspUris: uris(authority.answersOcsp, `ocsp/${authority.name}`),
  };
}

const KEY_USAGE: Readonly<Record<TopologyCertificate['keyUsage'][number], number>> = {
  'digital-signature': KeyUsage.digitalSignature,
  'non-repudiation': KeyUsage.nonRepudiation,
  'key-encipherment': KeyUsage.keyEncipherment,
  'key-agreement': KeyUsage.keyAgreement,
};
const EXTENDED_KEY_USAGE: Readonly<Record<TopologyCertificate['extendedKeyUsage'][number], string>> = {
  any: Oid.ANY_EXTENDED_KEY_USAGE,
  'ipsec-ike': Oid.KP_IPSEC_IKE,
  server: Oid.KP_SERVER_AUTH,
  client: Oid.KP_CLIENT_AUTH,
};

function orderOf(
  { subject, validity, name }: TopologyAuthority | TopologyCertificate,
  role: CertificateRole,
  { crlUris, ocspUris }: Publishing,
  start: number,
): IssueOrder {
  const der = parseDistinguishedName(subject);
  if (der === null) throw new Error(`the subject of ${name} in pki is no distinguished name`);
  const begin = Math.floor(start);
  const notBefore = begin + validity.fromSeconds;
  return { ...PLAIN_ORDER, subject: der, role, notBefore, notAfter: begin + validity.toSeconds, crlUris, ocspUris };
}

function altName(text: string): GeneralName {
  const identity = parseIdentity(text);
  if (identity?.kind === 'fqdn') return { kind: 'dns', text: identity.name };
  if (identity?.kind === 'email') return { kind: 'email', text: identity.name };
  if (identity?.kind === 'ipv4' || identity?.kind === 'ipv6') return { kind: 'ip', octets: identity.address };
  throw new Error(`${text} in pki is not a name for a certificate`);
}

function constraintNames({ dns, email, ip, dn }: TopologyNameConstraints): GeneralName[] {
  return [
    ...dns.map(text => ({ kind: 'dns' as const, text })),
    ...email.map(text => ({ kind: 'email' as const, text })),
    ...ip.map(text => ({ kind: 'ip' as const, octets: addressAndMask(text) })),
    ...dn.map(text => ({ kind: 'directory' as const, name: parseDistinguishedName(text) ?? new Uint8Array([48, 0]) })),
  ];
}

/** RFC 5280 §4.2.1.10. */
function addressAndMask(text: string): Uint8Array {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} in pki is no prefix`);
  const { address, length } = prefix;
  const mask = Uint8Array.from(address, (_, i) => (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff);
  return Uint8Array.from([...address, ...mask]);
}
