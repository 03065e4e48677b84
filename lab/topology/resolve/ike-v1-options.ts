import { quoted } from '../../../engine/config/diagnostic.ts';
import { childProblems } from '../../../engine/config/ike-v1-proposal.ts';
import { DEFAULT_V1, type V1Config, type XauthConfig } from '../../../engine/ike/v1-config.ts';
import type { PeerOptionsText } from '../ike-description.ts';
import { V1_KEYS, V2_KEYS } from '../ike-v1-description.ts';
import type { TopologyTransform } from '../model.ts';
import { childProposalsOf } from './ike-children.ts';
import type { Towards } from './ike-options.ts';
import { optionsFor, peerText } from './ike-peers.ts';
import type { Policy } from './policies.ts';
import type { NodeScope, Scope } from './scope.ts';
import { interpolate } from './secrets.ts';

export function versionOf({ version }: PeerOptionsText): 1 | 2 {
  return version?.value === 1 ? 1 : 2;
}

/** The version of a connection, and what one of IKEv1 has besides. */
export function v1Options(towards: Towards): { readonly version: 1 | 2; readonly v1?: V1Config } {
  const { options } = towards;
  if (versionOf(options) === 2) return { version: 2 };
  const mode = options.mode?.value ?? DEFAULT_V1.mode;
  const accepts = options.accepts?.items.map(({ value }) => value) ?? [];
  const givesAddresses = options.request !== null || options.pools !== null;
  const timeout = options['liveness-timeout'];
  const v1: V1Config = {
    mode,
    accepts: accepts.length > 0 ? [...new Set(accepts)] : [mode],
    nonceOctets: options.nonce?.value ?? DEFAULT_V1.nonceOctets,
    quickNonceOctets: options['quick-nonce']?.value ?? DEFAULT_V1.quickNonceOctets,
    lifetimeKilobytes: options.lifetime?.kilobytes?.value ?? null,
    lifetimeCheck: options['lifetime-check']?.value ?? DEFAULT_V1.lifetimeCheck,
    initialContact: options['initial-contact']?.value ?? DEFAULT_V1.initialContact,
    natTraversal: ({ never: 'no', allow: 'yes', always: 'force' } as const)[options['nat-traversal']?.value ?? 'allow'],
    livenessTimeoutSeconds: timeout === null ? DEFAULT_V1.livenessTimeoutSeconds : timeout.value / 1e9,
    xauth: xauthOf(towards),
    modeConfig: options['mode-config']?.value ?? (givesAddresses ? 'pull' : 'none'),
    commitBit: options['commit-bit']?.value ?? DEFAULT_V1.commitBit,
    requestsCertificates: options['request-certificates']?.value ?? DEFAULT_V1.requestsCertificates,
    ignoresRevocation: options.remote?.revocation?.value === 'ignore',
    fetchesRevocation: DEFAULT_V1.fetchesRevocation,
  };
  return { version: 1, v1 };
}

function xauthOf({ scope, options }: Towards): XauthConfig | null {
  const text = options.xauth;
  if (text === null) return null;
  const entries = text.users?.entries ?? [];
  if (text.users !== null && (text.user ?? text.password) !== null) {
    const message = 'xauth cannot have both "users" and "user"';
    scope.report.error(
      text.place,
      message,
      'keep users where others are let in, and user with password where this node asks',
    );
    return null;
  }
  if (text.users !== null) {
    const users = entries.flatMap(({ name, value }) => {
      const password = value === undefined ? null : interpolate(scope, value);
      return password === null ? [] : [{ user: name, password }];
    });
    return { side: 'gateway', users };
  }
  if (text.user === null || text.password === null) {
    if (text.complete) {
      const fix =
        'write xauth: { user: alice, password: "${secrets.NAME}" }, or xauth: { users: { alice: "${secrets.NAME}" } }';
      scope.report.error(text.place, 'xauth says neither who asks nor who is let in', fix);
    }
    return null;
  }
  const password = interpolate(scope, text.password);
  return password === null ? null : { side: 'user', user: text.user.value, password };
}

/** What a policy asks of a peer of IKEv1 that has no number there, and a peer that speaks the other version. */
export function judgeV1Child(policy: Policy, transform: TopologyTransform, options: PeerOptionsText): void {
  if (policy.negotiation === null || versionOf(options) === 2) return;
  for (const proposal of childProposalsOf(transform, policy.negotiation))
    for (const { message, fix } of childProblems(proposal)) policy.complain(message, fix);
}

/** Two nodes that would not understand each other. */
export function judgePeerVersion({ scope, node, peer, options }: Towards): void {
  const theirs = peer === null ? null : optionsFor(peer, node.name);
  const isSaid = peer !== null && peer.name < node.name; // from the other end
  if (peer === null || theirs === null || isSaid || versionOf(theirs) === versionOf(options)) return;
  const place = options.version?.place ?? theirs.version?.place ?? options.place;
  const message = `${node.name} speaks IKEv${versionOf(options)} with ${peer.name}, which speaks IKEv${versionOf(theirs)} with ${node.name}`;
  scope.report.error(place, message, 'give both the same version');
}

/** Keys that mean nothing in the version that they stand with, and what IKEv1 cannot do. */
export function judgeVersions(scope: Scope, node: NodeScope): void {
  const all: PeerOptionsText | null = node.text?.ike ?? null;
  if (all === null) return;
  const peers = (node.text?.ike?.peers?.entries ?? []).flatMap(({ name }) => {
    const [text, merged] = [peerText(node, name), optionsFor(node, name)];
    return text === null || merged === null ? [] : [{ text, merged }];
  });
  judgeTable(scope, all, new Set([all, ...peers.map(({ merged }) => merged)].map(versionOf)));
  for (const { text, merged } of peers) judgeTable(scope, text, new Set([versionOf(merged)]));
  for (const options of [all, ...peers.map(({ merged }) => merged)])
    if (versionOf(options) === 1) reportV2Values(scope, options);
}

/** `versions`: of the connections that it is about. */
function judgeTable(scope: Scope, text: PeerOptionsText, versions: ReadonlySet<1 | 2>): void {
  if (!versions.has(1)) reportKeys(scope, text, V1_KEYS, 1);
  if (!versions.has(2)) reportKeys(scope, text, V2_KEYS, 2);
  if (!versions.has(1)) reportV1Values(scope, text);
}

type Key = (typeof V1_KEYS)[number] | (typeof V2_KEYS)[number];

function reportKeys(scope: Scope, text: PeerOptionsText, keys: readonly Key[], version: 1 | 2): void {
  for (const key of keys) {
    const value = text[key];
    if (!value) continue;
    scope.report.error(value.place, `${quoted(key)} is of IKEv${version}`, `remove it, or write version: ${version}`);
  }
}

/** What stands among the words of keys that both versions have. */
function reportV1Values({ report }: Scope, { remote, lifetime }: PeerOptionsText): void {
  const revocation = remote?.revocation ?? null;
  if (revocation?.value === 'ignore')
    report.error(revocation.place, 'revocation: ignore is of IKEv1', 'write relaxed, or version: 1');
  const kilobytes = lifetime?.kilobytes ?? null;
  if (kilobytes !== null) report.error(kilobytes.place, '"kilobytes" is of IKEv1', 'remove it, or write version: 1');
}

/** What the connection would come to, whichever table says it. */
function reportV2Values(scope: Scope, { auth, send, remote, lifetime, xauth }: PeerOptionsText): void {
  const { report } = scope;
  const say = (at: { readonly place: PeerOptionsText['place'] } | null | undefined, message: string, fix: string) => {
    if (at) report.error(at.place, message, fix);
  };
  say(auth?.raw, 'IKEv1 has no authentication by a bare key here', 'use a certificate of "pki:", or version: 2');
  const key = keyKindOf(scope, auth?.certificate?.value);
  if (key?.startsWith('ed'))
    say(auth?.certificate, `IKEv1 has no signatures by ${key}`, 'give it key: rsa3072, ecdsa256, ecdsa384 or ecdsa521');
  if (xauth !== null && key?.startsWith('ecdsa'))
    say(auth?.certificate, 'XAuth has no number for ECDSA', 'give the certificate key: rsa3072');
  say(auth?.anonymous, 'IKEv1 has no NULL authentication (RFC 7619)', 'use psk or certificate, or version: 2');
  if (send?.value === 'url') say(send, 'IKEv1 sends no URLs of certificates', 'write always, asked or never');
  say(remote?.schemes, 'IKEv1 has no choice of signature schemes: its key says how it signs', 'remove schemes');
  say(remote?.fetch, '"fetch" is of IKEv2', 'remove it');
  for (const method of remote?.auth?.items ?? []) {
    if (method.value === 'raw' || method.value === 'anonymous')
      say(method, `IKEv1 has no ${method.value} authentication here`, 'write psk or certificate');
  }
  say(
    lifetime?.['make-before-break'],
    '"make-before-break" is of IKEv2',
    'remove it: IKEv1 always makes the new ISAKMP SA first',
  );
}

/** Of a certificate of `pki`; undefined: it has none of that name, which is told elsewhere. */
function keyKindOf({ text: { pki } }: Scope, name: string | undefined): string | undefined {
  const found = pki?.certificates?.entries.find(entry => entry.name === name)?.value;
  return found === undefined ? undefined : (found.key?.value ?? 'ecdsa256');
}
