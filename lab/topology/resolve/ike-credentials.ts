import type { RemoteAuthenticationConfig, SharedSecretConfig } from '../../../engine/ike/config.ts';
import type { CredentialNames, TopologyAuthentication } from '../model.ts';
import type { Towards } from './ike-options.ts';
import { optionsFor } from './ike-peers.ts';

/** What the connections of a node need besides themselves. */
export interface Found {
  readonly secrets: SharedSecretConfig[];
  readonly ppks: { readonly id: string; readonly key: string }[];
  readonly names: CredentialCollector;
}

export interface CredentialCollector {
  own(authentication: TopologyAuthentication): void;
  /** What has to be at hand to believe the peer. */
  trust(towards: Towards, remote: RemoteAuthenticationConfig): void;
  all(): CredentialNames;
}

export function foundCredentials(): CredentialCollector {
  const keys = new Set<string>();
  const anchors = new Set<string>();
  const peers = new Set<string>();
  const rawKeys = new Map<string, { identity: string; key: string }>();
  return {
    own(authentication) {
      if (authentication.method === 'signature') keys.add(authentication.key);
    },
    trust({ scope, node, peer, options }, remote) {
      if (!remote.methods.includes('signature')) return;
      const authorities = scope.text.pki?.authorities?.entries ?? [];
      const roots = authorities.filter(({ value }) => value?.issuer === null).map(({ name }) => name);
      for (const name of remote.authorities.length > 0 ? remote.authorities : roots) anchors.add(name);
      const theirs = peer === null ? null : optionsFor(peer, node.name);
      const certificate = theirs?.auth?.certificate?.value;
      const found = scope.text.pki?.certificates?.entries.find(({ name }) => name === certificate)?.value;
      // One that says whom it trusts, by authorities, is not given what no authority has signed.
      if (found?.issuer === null && (options.remote?.authorities ?? null) === null && certificate !== undefined)
        peers.add(certificate);
      const raw = theirs?.auth?.raw?.value;
      if (raw !== undefined) rawKeys.set(`${remote.identity} ${raw}`, { identity: remote.identity, key: raw });
    },
    all: () => ({ keys: [...keys], anchors: [...anchors], peers: [...peers], rawKeys: [...rawKeys.values()] }),
  };
}
