import type { StrayPacket } from '../../node/node.ts';
import { addressesEqual, parseAddress } from '../../wire/address.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType, ProtocolId } from '../../wire/ike/registry.ts';
import { isFromThere, TOLD_MAX } from '../stray-limit.ts';
import { tell } from '../tell.ts';
import { callPeer } from './caller.ts';
import { protocolIdOf } from './child-table.ts';
import type { Core } from './core.ts';
import { nameOf } from './end.ts';
import type { EstablishedIkeSa, IkeSa } from './ike-sa.ts';
import { notifyPayload } from './notify.ts';
import { spiOctets } from './proposals.ts';
import { storeSa } from './sa-table.ts';

/**
 * The node has ESP or AH under an SPI that is not here, RFC 7296 §1.5: the peer has not heard that the SA is gone, or this end has
 * forgotten it, or somebody plays a joke. What is said of it is said under an IKE SA that is there; without one, nothing is
 * answered, but a peer that this end would call by itself is called.
 */
export function noteStray(core: Core, stray: StrayPacket): void {
  const remote = parseAddress(stray.source);
  if (remote === null || core.childSpis.has(stray.spi)) return;
  const sas = [...core.sas.values()].filter(({ path }) => addressesEqual(path.remote, remote));
  // What this end has offered has an SPI, and its answer may be slower than what it lets the peer send.
  if (sas.some(isAsking)) return;
  const told = sas.filter(isToBeTold).filter(({ path }) => isFromThere(path, stray));
  if (told.length === 0) return callPeer(core, remote);
  if (!core.strays.take(remote, core.now)) return;
  for (const sa of told.slice(0, TOLD_MAX)) {
    storeSa(core, { ...sa, tasks: [...sa.tasks, { kind: 'inform', payloads: payloadsFor(stray), isLast: false }] });
    const detail = `${nameOf(sa)}: ${stray.protocol} under SPI ${stray.spi}, which is not here: the peer is told`;
    tell(core, { kind: 'staleSa', connection: sa.connection.name, detail });
  }
}

const isAsking = ({ kind, tasks, windows }: IkeSa): boolean =>
  kind !== 'closed' && tasks.length + windows.requests.outstanding.length > 0;

const isToBeTold = (sa: IkeSa): sa is EstablishedIkeSa => sa.kind === 'established' && !sa.isRekeying;

/** What the RFC has for it, which is a hint, and what everybody heeds: this end does not receive by it. */
function payloadsFor({ spi, protocol }: StrayPacket): Payload[] {
  return [
    notifyPayload(NotifyType.INVALID_SPI, spiOctets(spi)),
    { type: 'D', protocolId: protocolIdOf(protocol), spis: [spi] },
  ];
}

/** The peer says so of an SA and does not delete it: as if it had. It does not say of which protocol. */
export function asDeletes(payloads: readonly Payload[]): Payload[] {
  return payloads.filter(isInvalidSpi).flatMap(({ data }): Payload[] => {
    const spis = [Buffer.from(data).readUInt32BE()];
    return [ProtocolId.ESP, ProtocolId.AH].map(protocolId => ({ type: 'D', protocolId, spis }));
  });
}

const isInvalidSpi = (payload: Payload): payload is NotifyPayload =>
  payload.type === 'N' && payload.notifyType === NotifyType.INVALID_SPI && payload.data.length === 4;
