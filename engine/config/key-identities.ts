import { parseIdentity } from '../ike/identity.ts';
import { type CertificateSelector, identityMeant, type KnownCertificate, selects } from './certificate-selector.ts';
import { type Place, quoted } from './diagnostic.ts';
import type { KeyProblem, NodeCertificates } from './key-connections.ts';
import type { KeyRule, NamedFile, Trust } from './key-rules.ts';
import type { StatedAuthentication, StatedConnection } from './stated-ike.ts';

/** Who the two sides of a connection are. */
export interface Identities {
  readonly own: StatedAuthentication;
  readonly peer: StatedConnection['authentication']['remote'];
}

interface Ends {
  readonly local: string | null;
  readonly remote: string | null;
}

/** One for each identity that the peer may have; none after a problem. */
export function identitiesOf(
  rule: KeyRule,
  ends: Ends,
  trust: Trust,
  certificates: NodeCertificates,
): { readonly identities: readonly Identities[]; readonly problems: readonly KeyProblem[] } {
  const problems: KeyProblem[] = [];
  const tell: Tell = {
    wrong: (place, message, fix) => problems.push({ place, message, fix, isAbsence: false }),
    absent: (place, message, fix) => problems.push({ place, message, fix, isAbsence: true }),
  };
  const own = ownIdentity(rule, ends, certificates, tell);
  const peers = peerIdentities(rule, ends, trust, certificates, tell);
  return { identities: own === null ? [] : peers.map(peer => ({ own, peer })), problems };
}

export const ownOf = ({ own }: Identities): StatedAuthentication => own;
export const peersOf = ({ peer }: Identities): StatedConnection['authentication']['remote'] => peer;

interface Tell {
  readonly wrong: Complain;
  readonly absent: Complain;
}

type Complain = (place: Place, message: string, fix: string) => void;

function ownIdentity(
  { own }: KeyRule,
  { local }: Ends,
  { own: certificates }: NodeCertificates,
  tell: Tell,
): StatedAuthentication | null {
  if (own.method === 'psk') {
    // Without an address nobody has a policy for it: it is nobody yet.
    const identity = own.identity ?? local;
    return identity === null ? null : { method: 'psk', identity };
  }
  const { certificate, idKind, sends } = own;
  const common = { method: 'signature', schemes: [], sends } as const;
  if (isFile(certificate)) {
    const key = { file: certificate.file, place: certificate.place };
    const known = certificates.find(({ name }) => name === certificate.file) ?? null;
    const identity = own.identity ?? shownName(known, idKind, local);
    return { ...common, key, identity };
  }
  const found = certificates.find(each => selects(certificate, each));
  if (found === undefined) {
    const message = `this node has no certificate with a key that is ${quoted(certificate.text)}`;
    tell.absent(
      certificate.place,
      message,
      'make one with ikecert certlocal -ks, or name one that ikecert certlocal -l lists',
    );
    return null;
  }
  const identity = own.identity ?? shownName(found, idKind, local);
  if (identity === null && idKind !== null && idKind !== 'dn') {
    const message = `the certificate ${quoted(certificate.text)} has no name of the kind that local_id_type asks for`;
    tell.wrong(certificate.place, message, 'write local_id_type dn, or make a certificate with such a name');
    return null;
  }
  return { ...common, key: { file: found.name, place: certificate.place }, identity: identity ?? found.subject };
}

const isFile = (certificate: CertificateSelector | NamedFile): certificate is NamedFile => certificate.kind === 'file';

/** The first name of that kind that a certificate has; an address may be the one that the node speaks from. */
function shownName(
  certificate: KnownCertificate | null,
  kind: 'dn' | 'fqdn' | 'email' | 'address' | null,
  local: string | null,
): string | null {
  if (kind === null) return null;
  if (kind === 'dn') return certificate?.subject ?? null;
  const found = certificate?.names.find(name => kindOf(name) === kind) ?? null;
  return found ?? (kind === 'address' ? local : null);
}

function kindOf(name: string): string | undefined {
  const kind = parseIdentity(name)?.kind;
  return kind === 'ipv4' || kind === 'ipv6' ? 'address' : kind;
}

function peerIdentities(
  { peer, place }: KeyRule,
  { remote }: Ends,
  trust: Trust,
  certificates: NodeCertificates,
  tell: Tell,
): Identities['peer'][] {
  if (peer.method === 'psk') {
    const identities = peer.identities.length === 0 ? [null] : peer.identities;
    const plain = { methods: ['psk'] as const, authorities: [], schemes: [], revocation: 'relaxed' as const };
    return identities.map(identity => ({
      ...plain,
      identity: identity ?? remote ?? '%any',
      certificates: [],
      keys: [],
    }));
  }
  const roots = rootsOf(trust, certificates, tell);
  const trusted = certificates.peers.filter(each => trust.peers.some(selector => selects(selector, each)));
  const common = {
    methods: ['signature'] as const,
    schemes: [],
    revocation: peer.revocation,
    keys: [],
    certificates: [...peer.files.map(({ file }) => file), ...trusted.map(({ name }) => name)],
  };
  const stated = peer.roots.map(({ file }) => file);
  const authorities = stated.length > 0 ? stated : roots;
  if (authorities !== 'any' && authorities.length === 0 && common.certificates.length === 0)
    tell.wrong(place, 'nothing says whose certificates are believed in', 'add cert_root or cert_trust');
  const wanted = peer.identities.length === 0 ? ['%any'] : peer.identities;
  return wanted.map(each => {
    const known = typeof each === 'string' ? each : (identityMeant(each) ?? subjectMeant(each, certificates.peers));
    const issuers = typeof each === 'string' ? [] : issuersMeant(each, certificates.authorities);
    const list = issuers.length > 0 ? issuers : authorities === 'any' ? [] : authorities;
    return { ...common, identity: known ?? '%any', authorities: list };
  });
}

function rootsOf({ roots }: Trust, { authorities }: NodeCertificates, tell: Tell): string[] | 'any' {
  if (roots === 'any') return 'any';
  return roots.flatMap(selector => {
    const found = authorities.filter(each => selects(selector, each)).map(({ name }) => name);
    if (found.length === 0) {
      const message = `there is no certificate ${quoted(selector.text)} to be the root of others`;
      tell.absent(selector.place, message, 'add it with ikecert certdb -a, or take cert_root away');
    }
    return found;
  });
}

/** Of `SLOT=` the certificate that is there. */
function subjectMeant(selector: CertificateSelector, peers: readonly KnownCertificate[]): string | null {
  if (selector.kind !== 'slot' || selector.isNegative) return null;
  return peers.find(each => selects(selector, each))?.subject ?? null;
}

function issuersMeant(selector: CertificateSelector, authorities: readonly KnownCertificate[]): string[] {
  if (selector.kind !== 'issuer' || selector.isNegative) return [];
  const same = (text: string) => text.toLowerCase() === selector.value.toLowerCase();
  return authorities.filter(({ subject }) => same(subject)).map(({ name }) => name);
}
