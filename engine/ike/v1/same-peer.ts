import { octetsEqual } from '../../wire/octets.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';

/** Whether both are of one connection, and with somebody of the same identity; where one name is of many, XAuth tells them apart. */
export function isSamePeer(a: EstablishedIsakmpSa, b: EstablishedIsakmpSa): boolean {
  return (
    a.connection.name === b.connection.name &&
    a.user === b.user &&
    a.remoteIdentity.idType === b.remoteIdentity.idType &&
    octetsEqual(a.remoteIdentity.data, b.remoteIdentity.data)
  );
}
