import type { KnownCertificate } from '../../../engine/config/certificate-selector.ts';
import {
  connectionsFor,
  type NegotiatedPolicy,
  type NodeCertificates,
} from '../../../engine/config/key-connections.ts';
import type { StatedIke } from '../../../engine/config/stated-ike.ts';
import { formatIdentity, parseIdentity } from '../../../engine/ike/identity.ts';
import { formatDistinguishedName, parseDistinguishedName } from '../../../engine/pki/name-text.ts';
import type { TopologyIke, TopologyPki } from '../model.ts';
import type { Owners } from './addresses.ts';
import type { StatedKeyRules } from './native-files.ts';
import type { Policy } from './policies.ts';
import type { NodeScope, Scope } from './scope.ts';
import { tieIke } from './stated-ike.ts';

/** What the key daemon of another system negotiates on a node: its rules brought together with the policies of the node. */
export function tieKeyRules(
  scope: Scope,
  node: NodeScope,
  { file, rules, secrets }: StatedKeyRules,
  policies: readonly Policy[],
  pki: TopologyPki | null,
  owners: Owners,
): TopologyIke {
  const negotiated = policies.flatMap(policy => negotiatedOf(policy) ?? []);
  const { connections, unserved, problems } = connectionsFor(rules, negotiated, certificatesOf(pki));
  for (const { place, message, fix, isAbsence } of problems)
    file.complain(place, message, isAbsence ? 'declare such a certificate under "pki"' : fix);
  for (const { policy, local, remote } of unserved) {
    const found = policies.find(({ model }) => model.name === policy);
    found?.complain(`no rule of ${file.name} is for ${local} and ${remote}`, `add one to ${file.name}`);
  }
  for (const connection of connections) {
    const { local, remote } = connection.authentication;
    const identities = [local.identity, remote.identity, ...connection.remote];
    const isKnown = secrets.some(secret => secret.identities.every(identity => identities.includes(identity)));
    const isAnybody = remote.identity === '%any' && connection.remote.length !== 1;
    if (local.method !== 'psk' || isKnown || isAnybody) continue;
    const peer = remote.identity === '%any' ? connection.remote.join(', ') : remote.identity;
    const message = `there is no key for ${local.identity} and ${peer}`;
    file.complain(connection.place, message, `add one to ${file.name === 'racoon.conf' ? 'psk.txt' : 'ike.preshared'}`);
  }
  const { pools, limits } = rules;
  const stated: StatedIke = { connections, secrets, ppks: [], pools, limits };
  return tieIke(scope, node, stated, file, owners);
}

function negotiatedOf({ model, negotiation }: Policy): NegotiatedPolicy | null {
  const { name, local, remote, protocol, localPort, remotePort, icmp, action } = model;
  if (negotiation === null || action.kind !== 'protect' || model.direction === 'inbound') return null;
  const { transforms, sharing } = action;
  return { name, local, remote, protocol, localPort, remotePort, icmp, sharing, transforms };
}

/** A lab's certificates are at hand for every node: which are its own its file says. */
function certificatesOf(pki: TopologyPki | null): NodeCertificates {
  if (pki === null) return { own: [], peers: [], authorities: [] };
  const authorities = pki.authorities.map(({ name, subject, issuer }) =>
    knownOf(name, subject, [], pki.authorities.find(other => other.name === issuer)?.subject ?? subject),
  );
  const certificates = pki.certificates.map(({ name, subject, names, issuer }) =>
    knownOf(name, subject, names, pki.authorities.find(other => other.name === issuer)?.subject ?? subject),
  );
  return { own: certificates, peers: certificates, authorities };
}

function knownOf(name: string, subject: string, names: readonly string[], issuer: string): KnownCertificate {
  const identities = names.flatMap(text => {
    const identity = parseIdentity(text);
    return identity === null ? [] : [formatIdentity(identity)];
  });
  return { name, subject: distinguished(subject), issuer: distinguished(issuer), names: identities, slot: null };
}

function distinguished(text: string): string {
  const der = parseDistinguishedName(text);
  return (der === null ? null : formatDistinguishedName(der)) ?? text;
}
