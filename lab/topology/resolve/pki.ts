import { formatAddress } from '../../../engine/wire/address.ts';
import { formatPrefix } from '../../../engine/wire/prefix.ts';
import { parseIdentity } from '../../../engine/ike/identity.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type {
  TopologyAuthority,
  TopologyCertificate,
  TopologyNameConstraints,
  TopologyPki,
  TopologyValidity,
} from '../model.ts';
import type { AuthorityText, CertificateText, ConstraintsText, PkiText } from '../pki-description.ts';
import type { Located } from '../shape.ts';
import { addressesOf, findNode, type Scope } from './scope.ts';

const DAY_SECONDS = 86_400;
const AUTHORITY_SECONDS = 3650 * DAY_SECONDS;
const CERTIFICATE_SECONDS = 365 * DAY_SECONDS;
const HTTP_PORT = 80;

/** Who certifies whom; a diagnostic for an issuer that is not there, or that leads back to itself. */
export function resolvePki(scope: Scope): TopologyPki | null {
  const { pki } = scope.text;
  if (pki === null) return null;
  const server = serverOf(scope, pki);
  const authorities = (pki.authorities?.entries ?? []).flatMap(({ name, value }) =>
    value === undefined ? [] : [authorityOf(scope, pki, name, value, server !== null)],
  );
  return {
    authorities: issuersFirst(scope, pki, authorities),
    certificates: (pki.certificates?.entries ?? []).flatMap(({ name, value }) =>
      value === undefined ? [] : [certificateOf(scope, pki, name, value)],
    ),
    keys: (pki.keys?.entries ?? []).flatMap(({ name, value }) =>
      value === undefined ? [] : [{ name, key: value.key?.value ?? 'ecdsa256' }],
    ),
    server,
  };
}

function serverOf(scope: Scope, { server }: PkiText): TopologyPki['server'] {
  if (server === null) return null;
  const node = findNode(scope, server.node, 'pki');
  if (node === null) return null;
  const [address] = [...addressesOf(node, 4), ...addressesOf(node, 6)];
  if (address === undefined) {
    const message = `${node.name} has no address that anybody could ask`;
    if (node.text?.complete === true) scope.report.error(server.node.place, message, 'give it one');
    return null;
  }
  return { node: node.name, address: formatAddress(address), port: server.port?.value ?? HTTP_PORT };
}

function authorityOf(
  scope: Scope,
  pki: PkiText,
  name: string,
  text: AuthorityText,
  isServed: boolean,
): TopologyAuthority {
  for (const key of ['crl', 'ocsp'] as const) {
    if (text[key]?.value !== true || isServed || pki.server !== null) continue;
    scope.report.error(text[key].place, `nobody serves the ${key} of ${name}`, 'add pki: { server: { node: … } }');
  }
  if (text.revoked?.value === true && text.issuer === null) {
    scope.report.error(
      text.revoked.place,
      `${name} is a root: nobody could revoke it`,
      'remove revoked, or add issuer',
    );
  }
  return {
    name,
    subject: subjectOf(scope, text.subject, name),
    key: text.key?.value ?? 'ecdsa256',
    issuer: issuerOf(scope, pki, text.issuer),
    validity: validityOf(text, AUTHORITY_SECONDS),
    pathLength: text['path-length']?.value ?? null,
    permitted: constraintsOf(scope, text.permitted),
    excluded: constraintsOf(scope, text.excluded),
    isRevoked: text.revoked?.value ?? false,
    publishesCrl: text.crl?.value ?? isServed,
    answersOcsp: text.ocsp?.value ?? isServed,
  };
}

function certificateOf(scope: Scope, pki: PkiText, name: string, text: CertificateText): TopologyCertificate {
  if (text.revoked !== null && text.issuer === null) {
    const message = `${name} is self-signed: nobody could revoke it`;
    scope.report.error(text.revoked.place, message, 'remove revoked, or add issuer');
  }
  for (const { value, place } of text.names?.items ?? []) {
    const kind = parseIdentity(value)?.kind;
    if (kind === 'fqdn' || kind === 'email' || kind === 'ipv4' || kind === 'ipv6') continue;
    scope.report.error(
      place,
      `${quoted(value)} is not a name for a certificate`,
      'write alice.lab, 192.0.2.1 or a@lab',
    );
  }
  return {
    name,
    subject: subjectOf(scope, text.subject, name),
    names: text.names?.items.map(({ value }) => value) ?? [`${name}.lab`],
    key: text.key?.value ?? 'ecdsa256',
    issuer: issuerOf(scope, pki, text.issuer),
    validity: validityOf(text, CERTIFICATE_SECONDS),
    revoked: text.revoked?.value ?? null,
    keyUsage: text['key-usage']?.items.map(({ value }) => value) ?? ['digital-signature'],
    extendedKeyUsage: text['extended-key-usage']?.items.map(({ value }) => value) ?? [],
  };
}

function subjectOf(scope: Scope, text: Located<string> | null, name: string): string {
  if (text === null) return `CN=${name}`;
  if (parseIdentity(text.value)?.kind === 'dn') return text.value;
  const fix = 'write "CN=alice, O=Lab, C=DE"';
  scope.report.error(text.place, `${quoted(text.value)} is not a distinguished name`, fix);
  return `CN=${name}`;
}

function issuerOf(scope: Scope, pki: PkiText, issuer: Located<string> | null): string | null {
  if (issuer === null) return null;
  const names = (pki.authorities?.entries ?? []).map(({ name }) => name);
  if (!names.includes(issuer.value)) {
    const fix = didYouMean(issuer.value, names, `add pki: { authorities: { ${issuer.value.slice(0, 32)}: {} } }`);
    scope.report.error(issuer.place, `there is no authority ${quoted(issuer.value)}`, fix);
  }
  return issuer.value;
}

function validityOf(
  text: Pick<CertificateText, 'valid-for' | 'valid-from'>,
  otherwiseSeconds: number,
): TopologyValidity {
  const fromSeconds = text['valid-from']?.value ?? -DAY_SECONDS;
  return { fromSeconds, toSeconds: fromSeconds + (text['valid-for']?.value ?? otherwiseSeconds) };
}

function constraintsOf(scope: Scope, text: ConstraintsText | null): TopologyNameConstraints {
  const texts = (key: 'dns' | 'email') => (text?.[key]?.items ?? []).map(({ value }) => value);
  return {
    dns: texts('dns'),
    email: texts('email'),
    ip: (text?.ip?.items ?? []).map(({ value }) => formatPrefix(value)),
    dn: (text?.dn?.items ?? []).map(located => subjectOf(scope, located, 'nobody')),
  };
}

/** In the order in which they can be made. */
function issuersFirst(scope: Scope, pki: PkiText, all: readonly TopologyAuthority[]): TopologyAuthority[] {
  const done: TopologyAuthority[] = [];
  let rest = [...all];
  while (rest.length > 0) {
    const ready = rest.filter(({ issuer }) => issuer === null || done.some(({ name }) => name === issuer));
    if (ready.length === 0) break;
    done.push(...ready);
    rest = rest.filter(authority => !ready.includes(authority));
  }
  for (const { name, issuer } of rest) {
    const place = pki.authorities?.entries.find(entry => entry.name === name)?.value?.issuer?.place;
    if (place === undefined || !all.some(other => other.name === issuer)) continue;
    scope.report.error(place, `${name} is issued by nobody but itself, in a circle`, 'leave issuer away at the root');
  }
  return done;
}
