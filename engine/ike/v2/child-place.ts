import { type Address, formatAddress, parseAddress } from '../../wire/address.ts';
import type { ChildConfig } from '../config.ts';
import type { ConnectionConfig } from '../config.ts';
import { remembered } from '../../wire/remembered.ts';
import type { SaInput } from '../../ipsec/sa-input.ts';
import type { CommonIkeSa, Path } from './ike-sa.ts';
import type { Dynamic } from './traffic-selectors.ts';

/** What a Child SA takes over from the IKE SA that makes it: where its packets go, and what `dynamic` stands for. */
export interface ChildPlace {
  readonly path: Path;
  readonly isEncapsulated: boolean;
  /** Whether this end goes where authentic packets come from. */
  readonly followsPeer: boolean;
  readonly local: Dynamic;
  readonly remote: Dynamic;
}

/**
 * `virtualAddresses` are those of RFC 7296 §2.19, text: of this node where it asks for them, of the peer where it gives them.
 * Before the answer to the request for them, `dynamic` stands for anything.
 */
export function childPlace(
  { connection, path, extensions }: Pick<CommonIkeSa, 'connection' | 'path' | 'extensions'>,
  virtualAddresses: readonly string[],
): ChildPlace {
  return {
    path,
    isEncapsulated: path.isLocalNatted || path.isRemoteNatted || extensions.has('encapsulation'),
    // RFC 7296 §2.23: not the end behind a NAT. With MOBIKE the initiator says where it is, RFC 4555 §3.5.
    followsPeer: path.isRemoteNatted && !path.isLocalNatted && !extensions.has('mobike'),
    local: localEnd(connection, path, virtualAddresses),
    remote: isGiver(connection) && virtualAddresses.length > 0 ? virtualAddresses.map(parsed) : [path.remote],
  };
}

export const isGiver = ({ pools }: Pick<ConnectionConfig, 'pools'>): boolean => pools.length > 0;
export const isAsker = ({ requestAddresses }: Pick<ConnectionConfig, 'requestAddresses'>): boolean =>
  requestAddresses.length > 0;

/** Outer addresses and UDP ports of an SA's packets. */
export function saPlace(
  place: Pick<ChildPlace, 'path' | 'isEncapsulated' | 'followsPeer'>,
  direction: 'inbound' | 'outbound',
): Required<Pick<SaInput, 'source' | 'destination' | 'encapsulation'>> {
  const { local, remote, localPort, remotePort } = place.path;
  const [source, destination] = direction === 'outbound' ? [local, remote] : [remote, local];
  return {
    source: formatAddress(source),
    destination: formatAddress(destination),
    encapsulation: place.isEncapsulated ? { localPort, remotePort, followsPeer: place.followsPeer } : null,
  };
}

/** The outbound half as it is installed: a peer behind a NAT is not always where it was when the Child SA was made. */
export function towardsPeer(outbound: SaInput, { remote, remotePort }: Path): SaInput {
  const { encapsulation } = outbound;
  if (encapsulation?.followsPeer !== true) return outbound;
  return { ...outbound, destination: formatAddress(remote), encapsulation: { ...encapsulation, remotePort } };
}

/** AH covers the addresses that a NAT changes. */
export function possibleProposals(
  { proposals }: ChildConfig,
  { isEncapsulated }: ChildPlace,
): ChildConfig['proposals'] {
  return isEncapsulated ? withoutAh(proposals) : proposals;
}

const withoutAh = remembered((proposals: ChildConfig['proposals']) =>
  proposals.filter(({ protocol }) => protocol !== 'ah'),
);

function localEnd(connection: ConnectionConfig, path: Path, virtualAddresses: readonly string[]): Dynamic {
  if (!isAsker(connection)) return [path.local];
  return virtualAddresses.length === 0 ? 'any' : virtualAddresses.map(parsed);
}

function parsed(text: string): Address {
  const address = parseAddress(text.split('/')[0] ?? '');
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}
