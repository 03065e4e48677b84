import { schemes as allSchemes, schemeToken } from '../../../engine/crypto/signature-scheme.ts';
import { formatIdentity, type Identity, parseIdentity } from '../../../engine/ike/identity.ts';
import type { TopologyAuthentication } from '../model.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { AuthText, PeerOptionsText, PeerText } from '../ike-description.ts';
import type { Located } from '../shape.ts';
import type { NodeScope, Scope } from './scope.ts';

/** What a node says of a peer: what it says of all, and what is different for this one. */
export function optionsFor(node: NodeScope, peer: string | null): PeerOptionsText | null {
  const all = node.text?.ike ?? null;
  if (all === null) return null;
  const own = peer === null ? null : peerText(node, peer);
  if (own === null) return all;
  const merged: Record<string, unknown> = { ...all };
  for (const [key, value] of Object.entries(own)) if (value !== null) merged[key] = value;
  return merged as unknown as PeerOptionsText;
}

/** What stands under `peers` of that name. */
export function peerText(node: NodeScope, peer: string): PeerText | null {
  return node.text?.ike?.peers?.entries.find(({ name }) => name === peer)?.value ?? null;
}

/** Peers that are known by their identity alone, by name: those under `peers` that are not nodes. */
export function groupsOf(scope: Scope, node: NodeScope): readonly { readonly name: string; readonly text: PeerText }[] {
  return (node.text?.ike?.peers?.entries ?? []).flatMap(({ name, value }) =>
    value === undefined || scope.nodes.has(name) ? [] : [{ name, text: value }],
  );
}

/** How a node proves to a peer who it is; null: it does not say, or not well. */
export function methodOf(options: PeerOptionsText | null): 'psk' | 'certificate' | 'raw' | 'anonymous' | null {
  const auth: AuthText | null = options?.auth ?? null;
  if (auth === null) return null;
  if (auth.psk !== null) return 'psk';
  if (auth.certificate !== null) return 'certificate';
  return auth.raw === null ? 'anonymous' : 'raw';
}

/** Who a node says to a peer that it is: as the file says, else a name of its certificate, else `NODE.lab`. */
export function ownIdentity(scope: Scope, node: NodeScope, options: PeerOptionsText | null): string {
  if (options?.id) return options.id.value;
  if (options?.auth?.anonymous) return 'null:';
  const named = options?.auth?.certificate?.value;
  const certificate = scope.text.pki?.certificates?.entries.find(({ name }) => name === named)?.value;
  return certificate?.names?.items[0]?.value ?? `${named ?? node.name}.lab`;
}

/** The identity in the one spelling that comparisons know; as it is, after a diagnostic, where it is none. */
export function judgeIdentity(scope: Scope, text: string, place: Located<string> | null, isExpected: boolean): string {
  const identity = parseIdentity(text);
  if (identity === null) {
    const fix = 'write alice.lab, 192.0.2.1, alice@lab.example, "CN=alice, O=Lab" or keyid:0a0b';
    if (place !== null) scope.report.error(place.place, `${quoted(text)} is not an identity`, fix);
    return text;
  }
  if (!isExpected && isPattern(identity) && place !== null) {
    scope.report.error(place.place, `${quoted(text)} stands for many`, 'say who this node is: no *, no %any');
  }
  return formatIdentity(identity);
}

const isPattern = (identity: Identity): boolean =>
  identity.kind === 'any' || ((identity.kind === 'fqdn' || identity.kind === 'email') && identity.name.startsWith('*'));

/** Whether it may be more than one peer. */
export function isWildcard(identity: string): boolean {
  return identity === '%any' || identity.includes('*');
}

/** The certificate or key that `auth` names; a diagnostic where `pki` has none of that name. */
export function credentialNamed(
  scope: Scope,
  reference: Located<string>,
  kind: 'certificates' | 'keys',
): string | null {
  const entries = scope.text.pki?.[kind]?.entries ?? [];
  if (entries.some(({ name }) => name === reference.value)) return reference.value;
  const what = kind === 'keys' ? 'key' : 'certificate';
  const names = entries.map(({ name }) => name);
  const fix = didYouMean(
    reference.value,
    names,
    `add it under pki: { ${kind}: { ${reference.value.slice(0, 32)}: … } }`,
  );
  scope.report.error(reference.place, `there is no ${what} ${quoted(reference.value)} in "pki"`, fix);
  return null;
}

/** How this node proves who it is; null after a diagnostic. */
export function localAuthentication(
  scope: Scope,
  node: NodeScope,
  options: PeerOptionsText,
): TopologyAuthentication | null {
  const { auth, send, schemes } = options;
  if (auth === null) {
    if (node.text?.ike?.complete === true && options.complete) {
      const fix = 'add auth: { psk: "${secrets.NAME}" }, or auth: { certificate: NAME } with "pki:"';
      scope.report.error(options.place, `${node.name} does not say how it proves who it is`, fix);
    }
    return null;
  }
  const identity = judgeIdentity(scope, ownIdentity(scope, node, options), options.id, false);
  if (auth.psk !== null) return { method: 'psk', identity };
  if (auth.anonymous !== null) return { method: 'null', identity };
  const reference = auth.certificate ?? auth.raw;
  if (reference === null) return null;
  const key = credentialNamed(scope, reference, auth.certificate === null ? 'keys' : 'certificates');
  if (key === null) return null;
  return {
    method: 'signature',
    identity,
    key,
    schemes: schemesOf(scope, schemes),
    sends: auth.raw === null ? (send?.value ?? 'always') : 'raw',
  };
}

/** Tokens of signature schemes; a diagnostic for those that are none. */
export function schemesOf({ report }: Scope, list: PeerOptionsText['schemes']): string[] {
  const known = allSchemes().map(schemeToken);
  return (list?.items ?? []).flatMap(({ value, place }) => {
    if (known.includes(value)) return [value];
    report.error(place, `unknown signature scheme ${quoted(value)}`, didYouMean(value, known, ''));
    return [];
  });
}
