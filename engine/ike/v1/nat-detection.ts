import type { Address } from '../../wire/address.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { cookieOctets } from '../../wire/isakmp/header.ts';
import type { IsakmpPayload, NatDetectionPayload } from '../../wire/isakmp/payload.ts';
import type { IkeDatagram } from '../daemon.ts';
import type { DetectedNats } from '../v2/nat-detection.ts';
import { payloadsOf } from './exchange-table.ts';
import { findsNats, usesNatDraft, v1Of } from './extensions.ts';
import type { CommonIsakmpSa, Path } from './isakmp-sa.ts';
import { digest } from './keys.ts';
import type { IsakmpSuite } from './suite.ts';

type Cookies = Pick<CommonIsakmpSa, 'initiatorCookie' | 'responderCookie'>;
type Way = Omit<IkeDatagram, 'octets'>;

/** HASH(CKY-I | CKY-R | IP | Port), RFC 3947 §3.2, by the negotiated hash. */
function natHash(suite: IsakmpSuite, cookies: Cookies, address: Address, port: number): Uint8Array {
  const ends = [cookieOctets(cookies.initiatorCookie), cookieOctets(cookies.responderCookie)];
  return digest(suite, ...ends, address, Uint8Array.of(port >>> 8, port & 255));
}

/** First the peer's address as this end sees it, then its own; where a NAT is to be seen, one that nobody has. */
export function natPayloads(
  sa: Cookies & Pick<CommonIsakmpSa, 'connection' | 'extensions'>,
  suite: IsakmpSuite,
  way: Way,
): NatDetectionPayload[] {
  if (!findsNats(sa.extensions)) return [];
  const [own, port] = pretends(sa.connection) ? [new Uint8Array(way.local.length), 0] : [way.local, way.localPort];
  const hashes = [natHash(suite, sa, way.remote, way.remotePort), natHash(suite, sa, own, port)];
  const draft = usesNatDraft(sa.extensions) ? ({ isDraft: true } as const) : {};
  return hashes.map(data => ({ type: 'NATD', data, ...draft }));
}

/** Whether this end is to be taken for one behind a NAT, by the peer and by itself. */
function pretends(connection: CommonIsakmpSa['connection']): boolean {
  return connection.forceEncapsulation || v1Of(connection).natTraversal === 'force';
}

/** What the hashes of the other end say; null: there are none. The first is of this end, the others of any address that it may have. */
export function detectNats(
  payloads: readonly IsakmpPayload[],
  cookies: Cookies & Pick<CommonIsakmpSa, 'connection'>,
  suite: IsakmpSuite,
  way: Way,
): DetectedNats | null {
  const [destination, ...sources] = payloadsOf(payloads, 'NATD').map(({ data }) => data);
  if (destination === undefined || sources.length === 0) return null;
  const remote = natHash(suite, cookies, way.remote, way.remotePort);
  return {
    isLocalNatted:
      pretends(cookies.connection) || !octetsEqual(destination, natHash(suite, cookies, way.local, way.localPort)),
    isRemoteNatted: !sources.some(source => octetsEqual(source, remote)),
  };
}

/** Where messages go from now on: RFC 3947 §4 has the initiator change to port 4500 where there is a NAT, in the next message. */
export function floated({ connection }: Pick<CommonIsakmpSa, 'connection'>, path: Path): Path {
  const isNatted = path.isLocalNatted || path.isRemoteNatted;
  if (!isNatted || path.localPort !== connection.port || path.remotePort !== connection.port) return path;
  return { ...path, localPort: connection.natPort, remotePort: connection.natPort };
}
