import { type Address, compareAddresses, parseAddress } from '../wire/address.ts';
import { parsePrefix, type Prefix, prefixContains } from '../wire/prefix.ts';
import type { ConnectionConfig, IkeConfig, RemoteAuthenticationConfig } from './config.ts';
import { type Identity, type IdentityFit, identityFit, parseIdentity } from './identity.ts';
import { remembered } from '../wire/remembered.ts';

/**
 * The Peer Authorization Database, RFC 4301 §4.4.3: which connection is meant, by what is known so far. Addresses narrow the
 * choice in IKE_SA_INIT; in IKE_AUTH identities and the kind of authentication make it.
 */

/** What may be compared before anybody said who they are. */
export interface Endpoints {
  readonly local: Address;
  readonly remote: Address;
}

/** Connections that a peer at this address may mean, the most specific address first; among equals in the order of configuration. */
export function connectionsFor(config: IkeConfig, { local, remote }: Endpoints): readonly ConnectionConfig[] {
  const fitting: { readonly connection: ConnectionConfig; readonly bits: number }[] = [];
  for (const connection of config.connections) {
    const [here, there] = [specificity(connection.local, local), specificity(connection.remote, remote)];
    if (here !== null && there !== null) fitting.push({ connection, bits: there * 256 + here });
  }
  return fitting.sort((a, b) => b.bits - a.bits).map(({ connection }) => connection);
}

/** What a peer's IKE_AUTH request says of which connection it means. */
export interface PeerClaims {
  /** IDi. */
  readonly remote: Identity;
  /** IDr, which the initiator may leave out. */
  readonly local: Identity | null;
  readonly method: AuthenticationKind;
}

export type AuthenticationKind = RemoteAuthenticationConfig['methods'][number];

/** Of these connections those that such a peer may use, the best fit of its identity first; none: it is refused. */
export function connectionsOf(
  candidates: readonly ConnectionConfig[],
  { remote, local, method }: PeerClaims,
): readonly ConnectionConfig[] {
  const fitting: { readonly connection: ConnectionConfig; readonly rank: number }[] = [];
  for (const connection of candidates) {
    const { authentication } = connection;
    if (!authentication.remote.methods.includes(method)) continue;
    const fit = identityFit(identityOf(authentication.remote.identity), remote);
    if (fit !== null && isMeant(identityOf(authentication.local.identity), local)) {
      fitting.push({ connection, rank: RANK[fit] });
    }
  }
  return fitting.sort((a, b) => b.rank - a.rank).map(({ connection }) => connection);
}

const RANK: Readonly<Record<IdentityFit, number>> = { any: 1, wildcard: 2, exact: 3 };

/** An initiator that names nobody takes whoever answers, RFC 7296 §1.2; a node whose own identity is left open is anybody. */
function isMeant(own: Identity, named: Identity | null): boolean {
  return named === null || own.kind === 'any' || identityFit(own, named) !== null;
}

function identityOf(text: string): Identity {
  const identity = parseIdentity(text);
  if (identity === null) throw new Error(`the configuration of IKE has an identity that cannot be read: ${text}`);
  return identity;
}

/** How many bits of the address are given by the best entry of a list; 0: any; null: it is in none. */
function specificity(entries: readonly string[], address: Address): number | null {
  if (entries.length === 0) return 0;
  let best: number | null = null;
  for (const entry of rangesOf(entries)) {
    const bits = bitsOf(entry, address);
    if (bits !== null && (best === null || bits > best)) best = bits;
  }
  return best;
}

type AddressRange =
  | { readonly kind: 'prefix'; readonly prefix: Prefix }
  | { readonly kind: 'range'; readonly first: Address; readonly last: Address };

/** Whoever sends a first message makes all lists be looked at: they are read once. */
const rangesOf = remembered((entries: readonly string[]): readonly AddressRange[] => entries.map(rangeOf));

function rangeOf(entry: string): AddressRange {
  const [first, last] = entry.split('-').map(text => parseAddress(text.trim()));
  if (first !== undefined && first !== null && last !== undefined && last !== null)
    return { kind: 'range', first, last };
  const prefix = parsePrefix(entry);
  if (prefix === null) throw new Error(`the configuration of IKE has an address that cannot be read: ${entry}`);
  return { kind: 'prefix', prefix };
}

function bitsOf(entry: AddressRange, address: Address): number | null {
  if (entry.kind === 'prefix') return prefixContains(entry.prefix, address) ? entry.prefix.length : null;
  const { first, last } = entry;
  const isWithin = compareAddresses(first, address) <= 0 && compareAddresses(address, last) <= 0;
  return isWithin && first.length === address.length ? 1 : null;
}
