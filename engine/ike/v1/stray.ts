import type { StrayPacket } from '../../node/node.ts';
import { addressesEqual, parseAddress } from '../../wire/address.ts';
import { isFromThere, TOLD_MAX } from '../stray-limit.ts';
import { tell } from '../tell.ts';
import { spiOctets } from '../v2/proposals.ts';
import { callPeer } from './caller.ts';
import type { Core } from './core.ts';
import { protocolNumber } from './ipsec-transforms.ts';
import { type EstablishedIsakmpSa, isInitiating, type IsakmpSa, nameOf } from './isakmp-sa.ts';
import { deletePayload } from './notify.ts';
import { storeSa } from './sa-table.ts';

/**
 * The node has ESP or AH under an SPI that is not here. Nobody answers a Delete: it may have been lost, and is said again, under an
 * ISAKMP SA that is there. Or this end has forgotten all, or somebody plays a joke: a stranger is answered nothing, but a peer that
 * this end would call by itself is called.
 */
export function noteStray(core: Core, stray: StrayPacket): void {
  const remote = parseAddress(stray.source);
  if (remote === null || core.names.childSpis.has(stray.spi)) return;
  const sas = [...core.sas.values()].filter(({ path }) => addressesEqual(path.remote, remote));
  // What this end has offered has an SPI that is not in the node yet.
  if (sas.some(isAsking)) return;
  const told = sas.filter(isToBeTold).filter(({ path }) => isFromThere(path, stray));
  if (told.length === 0) return callPeer(core, remote);
  if (!core.strays.take(remote, core.now)) return;
  const payloads = [deletePayload(protocolNumber(stray.protocol), [spiOctets(stray.spi)])];
  for (const sa of told.slice(0, TOLD_MAX)) {
    storeSa(core, { ...sa, tasks: [...sa.tasks, { kind: 'inform', payloads }] });
    const detail = `${nameOf(sa)}: ${stray.protocol} under SPI ${stray.spi}, which is not here: the peer is told`;
    tell(core, { kind: 'staleSa', connection: sa.connection.name, detail });
  }
}

const isAsking = (sa: IsakmpSa): boolean =>
  isInitiating(sa) ||
  sa.tasks.length > 0 ||
  (sa.kind === 'established' && sa.exchanges.some(({ state }) => state.kind === 'quickOffered'));

const isToBeTold = (sa: IsakmpSa): sa is EstablishedIsakmpSa =>
  sa.kind === 'established' && sa.replacedBy === null && sa.isForgotten !== true;
