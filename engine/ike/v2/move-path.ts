import { type Address, addressesEqual, formatAddress, parseAddress } from '../../wire/address.ts';
import type { SaInput } from '../../ipsec/sa-input.ts';
import type { ConnectionConfig } from '../config.ts';
import { childPlace, saPlace } from './child-place.ts';
import type { ChildSa } from './child-sa.ts';
import type { EstablishedIkeSa, Path } from './ike-sa.ts';
import { ownAddresses } from './mobike-payloads.ts';
import type { Effect, World } from './step.ts';

/** How the SAs of an IKE SA go to another path, RFC 4555 §3.5. */

interface Moved {
  readonly sa: EstablishedIkeSa;
  readonly effects: readonly Effect[];
}

/** The Child SAs go where the IKE SA goes: both halves, or only what comes in. Those that are there already stay untouched. */
export function moveChildren(sa: EstablishedIkeSa, halves: 'both' | 'inbound'): Moved {
  const place = childPlace(sa, sa.virtualAddresses);
  const effects: Effect[] = [];
  const moved = <Input extends SaInput>(
    input: Input,
    direction: 'inbound' | 'outbound',
    isInstalled: boolean,
  ): Input => {
    const to = saPlace(place, direction);
    if (isAt(input, to)) return input;
    const { spi, protocol = 'esp', source, destination } = input;
    const command = { kind: 'moveSa', spi, direction, only: { protocol, source, destination }, ...to } as const;
    if (isInstalled) effects.push({ kind: 'command', command });
    return { ...input, ...to };
  };
  const move = (child: ChildSa): ChildSa => ({
    ...child,
    inbound: moved(child.inbound, 'inbound', true),
    outbound: halves === 'both' ? moved(child.outbound, 'outbound', child.isOutboundInstalled) : child.outbound,
  });
  const children = sa.children.map(move);
  const lingering = sa.lingering.map(one => ({ ...one, inbound: moved(one.inbound, 'inbound', true) }));
  return { sa: { ...sa, children, lingering }, effects };
}

export function isSamePath(a: Path, b: Path): boolean {
  return (
    addressesEqual(a.local, b.local) &&
    addressesEqual(a.remote, b.remote) &&
    a.localPort === b.localPort &&
    a.remotePort === b.remotePort
  );
}

/**
 * Paths that this node could take to the peer, in order of preference: to where the peer is first, then to where it has said
 * that it is as well. From the address that the node would choose, then from its others.
 */
export function possiblePaths(sa: EstablishedIkeSa, world: World): Path[] {
  const { path, connection } = sa;
  const remotes = [path.remote, ...(sa.mobike?.peerAddresses ?? [])];
  const found: Path[] = [];
  for (const remote of remotes) {
    for (const local of localsFor(remote, connection, world)) {
      const isSameRemote = addressesEqual(remote, path.remote);
      const candidate: Path = {
        ...path,
        local,
        remote,
        localPort: connection.natPort,
        // Behind a NAT the peer is where its mapping is; elsewhere it listens as it should.
        remotePort: isSameRemote ? path.remotePort : connection.natPort,
      };
      if (!found.some(one => isSamePath(one, candidate))) found.push(candidate);
    }
  }
  return found;
}

function localsFor(remote: Address, connection: ConnectionConfig, world: World): Address[] {
  const own = ownAddresses(connection, world);
  const chosen = world.sourceFor(formatAddress(remote));
  const texts = [
    ...(chosen !== null && (connection.local.length === 0 || own.includes(chosen)) ? [chosen] : []),
    ...own,
  ];
  const parsed = [...new Set(texts)].map(parseAddress).filter(address => address !== null);
  return parsed.filter(({ length }) => length === remote.length);
}

function isAt(input: SaInput, to: Required<Pick<SaInput, 'source' | 'destination' | 'encapsulation'>>): boolean {
  const { encapsulation: has = null } = input;
  const { encapsulation: wants } = to;
  const isSameUdp =
    has === null || wants === null
      ? has === wants
      : has.localPort === wants.localPort &&
        has.remotePort === wants.remotePort &&
        has.followsPeer === wants.followsPeer;
  return input.source === to.source && input.destination === to.destination && isSameUdp;
}
