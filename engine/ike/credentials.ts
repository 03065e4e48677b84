import { type PrivateKey, type PublicKey, privateKey, publicKey } from '../crypto/signature.ts';
import { type Certificate, parseCertificate } from '../pki/certificate.ts';
import type { IkeConfig } from './config.ts';
import { type Identity, type IdentityFit, identityFit, parseIdentity } from './identity.ts';
import { remembered } from '../wire/remembered.ts';

/** What a node has to prove identities with, its own and those of peers, read from its configuration. */
export interface Credentials {
  readonly keys: readonly OwnKey[];
  readonly anchors: readonly { readonly name: string; readonly certificate: Certificate }[];
  /** Trusted as they are. */
  readonly peers: readonly Certificate[];
  readonly rawKeys: readonly { readonly identity: Identity; readonly key: PublicKey }[];
  /** DER. */
  readonly crls: readonly Uint8Array[];
  readonly secrets: readonly SharedSecret[];
  /** RFC 8784: `id` is PPK_ID_FIXED's, without the octet of its type. */
  readonly ppks: ReadonlyMap<string, Uint8Array>;
}

export interface OwnKey {
  readonly key: PrivateKey;
  /** The certificate of the key first; empty: a raw key. */
  readonly chain: readonly Certificate[];
}

export interface SharedSecret {
  /** Empty: everybody's. */
  readonly identities: readonly Identity[];
  readonly secret: Uint8Array;
}

/** Reads a configuration's credentials, once for each configuration. Throws on what cannot be read: it was validated. */
export const credentialsOf: (config: IkeConfig) => Credentials = remembered(readCredentials);

/**
 * The secret that two identities share: of those that are for the peer (or for this node and whoever it talks to), the one
 * that names both most exactly; among equals the first. null: there is none.
 */
export function sharedSecretOf(secrets: readonly SharedSecret[], ours: Identity, theirs: Identity): Uint8Array | null {
  let best: { readonly rank: number; readonly secret: Uint8Array } | null = null;
  for (const { identities, secret } of secrets) {
    const rank = rankOf(identities, ours, theirs);
    if (rank !== null && (best === null || rank > best.rank)) best = { rank, secret };
  }
  return best?.secret ?? null;
}

const RANK: Readonly<Record<IdentityFit, number>> = { any: 1, wildcard: 2, exact: 3 };
const RANKS = 4;

/** A secret of two others is nothing between this node and a third. */
function rankOf(identities: readonly Identity[], ours: Identity, theirs: Identity): number | null {
  if (identities.length === 0) return 0;
  const [own, peer] = [bestFit(identities, ours), bestFit(identities, theirs)];
  const isOwnAlone = identities.every(identity => identityFit(identity, ours) !== null);
  if (peer === 0 && !isOwnAlone) return null;
  return peer * RANKS + own;
}

function bestFit(identities: readonly Identity[], actual: Identity): number {
  return identities.reduce((best, identity) => {
    const fit = identityFit(identity, actual);
    return fit === null ? best : Math.max(best, RANK[fit]);
  }, 0);
}

function readCredentials(config: IkeConfig): Credentials {
  const { credentials } = config;
  return {
    keys: credentials.keys.map(({ pkcs8, chain }, i) => ({
      key: must(privateKey(octets(pkcs8)), `private key ${i}`),
      chain: chain.map(certificateOf),
    })),
    anchors: credentials.anchors.map(({ name, certificate }) => ({ name, certificate: certificateOf(certificate) })),
    peers: credentials.peers.map(certificateOf),
    rawKeys: credentials.rawKeys.map(({ identity, spki }) => ({
      identity: identityOf(identity),
      key: must(publicKey(octets(spki)), `public key of ${identity}`),
    })),
    crls: credentials.crls.map(octets),
    secrets: config.secrets.map(({ identities, secret }) => ({
      identities: identities.map(identityOf),
      secret: octets(secret),
    })),
    ppks: new Map(config.ppks.map(({ id, key }) => [id, octets(key)])),
  };
}

const octets = (hexadecimal: string): Uint8Array => Uint8Array.from(Buffer.from(hexadecimal, 'hex'));
const identityOf = (text: string): Identity => must(parseIdentity(text), `identity ${text}`);
const certificateOf = (hexadecimal: string): Certificate => must(parseCertificate(octets(hexadecimal)), 'certificate');

function must<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`the configuration of IKE has a ${what} that cannot be read`);
  return value;
}
