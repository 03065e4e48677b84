import { sealedMessage } from '../../wire/ike/encrypted.ts';
import { encodeIkeMessage, encodePayloads } from '../../wire/ike/codec.ts';
import { ExchangeType } from '../../wire/ike/registry.ts';
import type { IkeHeader, IkeMessage } from '../../wire/ike/message.ts';
import type { IkeDatagram } from '../daemon.ts';
import type { Core } from './core.ts';
import { type IkeSa, isKeyed, type KeyedIkeSa, type Path } from './ike-sa.ts';
import { encapsulationOctets, sealFragments, sealWhole, wholeOctets } from './sealing.ts';
import type { SealedContent } from './windows.ts';

/** A message as it goes on the wire. */
export interface Prepared {
  readonly messages: readonly Uint8Array[];
  /** null: in the clear. */
  readonly content: SealedContent | null;
  /** Octets of IP packet that it was cut to; null: it is whole. */
  readonly fragmentOctets: number | null;
  /** What goes out is not what was meant: a host's alteration dropped it. */
  readonly sealed: number;
}

/** The header of a message of this end. */
export function headerOf(
  sa: Pick<IkeSa, 'initiatorSpi' | 'responderSpi' | 'role'>,
  message: Pick<IkeHeader, 'exchangeType' | 'messageId' | 'isResponse'>,
): IkeHeader {
  return {
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    isInitiator: sa.role === 'initiator',
    higherVersion: false,
    ...message,
  };
}

/** A message in the clear: IKE_SA_INIT, and what is said to strangers. */
export function prepareClear(core: Core, message: IkeMessage): Prepared {
  const altered = core.steps.outgoing(message);
  const messages = altered === null ? [] : [encodeIkeMessage(altered)];
  return { messages, content: null, fragmentOctets: null, sealed: 0 };
}

/** A message under SK, or SKF where it is large and the peer can take fragments. */
export function prepareSealed(core: Core, sa: KeyedIkeSa, message: IkeMessage): Prepared {
  const altered = core.steps.outgoing(message);
  if (altered === null) return { messages: [], content: null, fragmentOctets: null, sealed: 0 };
  const { first, octets } = encodePayloads(altered.payloads);
  const header: IkeHeader = altered;
  const associated = sealedMessage(header, { firstPayload: first, bodyOctets: 0, fragment: null });
  const content: SealedContent = { associated, inner: octets, firstPayload: first };
  return sealContent(core, sa, header, content, fragmentOctetsOf(sa, 'first'));
}

/**
 * Seals what was prepared before, to be cut to packets of another size, and into so many `pieces` at least: by the number of them
 * the peer tells one cut from another (RFC 7383 §2.5.1). INFORMATIONAL goes whole where it fits, even by force: strongSwan with
 * mediation takes its fragments for checks of connectivity in the clear, and drops them.
 */
export function sealContent(
  core: Core,
  sa: KeyedIkeSa,
  header: IkeHeader,
  content: SealedContent,
  packetOctets: number,
  pieces = 1,
): Prepared {
  const { random } = core.context;
  const room = packetOctets - encapsulationOctets(sa.path.local.length, sa.path.localPort !== sa.connection.port);
  const isForced = sa.connection.fragmentation === 'force' && header.exchangeType !== ExchangeType.INFORMATIONAL;
  const isWhole = !isForced && pieces === 1 && wholeOctets(sa, content) <= room;
  if (!sa.extensions.has('fragmentation') || isWhole) {
    return { messages: [sealWhole(sa, header, content, random)], content, fragmentOctets: null, sealed: 1 };
  }
  const least = isForced ? Math.max(pieces, 2) : pieces;
  const messages = sealFragments(sa, header, content, { messageOctets: room, pieces: least }, random);
  return { messages, content, fragmentOctets: packetOctets, sealed: messages.length };
}

/** Octets of IP packet that a fragment may take: what is configured at first, what every path carries where that got lost. */
export function fragmentOctetsOf({ connection, path }: Pick<IkeSa, 'connection' | 'path'>, when: 'first' | 'fallback') {
  const floor = path.local.length === 4 ? 576 : 1280; // RFC 7383 §2.5.1
  const { fragmentOctets } = connection;
  if (fragmentOctets === null) return floor;
  return when === 'first' ? fragmentOctets : Math.min(floor, fragmentOctets);
}

/** Whether messages fit into packets of that size, with the largest headers around them: IPv6, UDP, marker. */
export function areWithin(messages: readonly Uint8Array[], packetOctets: number): boolean {
  return messages.every(message => message.length + 52 <= packetOctets);
}

/** Puts messages on their way. */
export function transmit(core: Core, way: Omit<IkeDatagram, 'octets'>, messages: readonly Uint8Array[]): void {
  for (const message of messages) {
    const octets = core.steps.outgoingOctets(message);
    if (octets !== null) core.out.datagrams.push({ ...way, octets });
  }
}

export function wayOf({ local, localPort, remote, remotePort }: Path): Omit<IkeDatagram, 'octets'> {
  return { local, localPort, remote, remotePort };
}

/** Prepares a message of an IKE SA: in the clear until it has keys. */
export function prepare(core: Core, sa: IkeSa, message: IkeMessage): Prepared {
  return isKeyed(sa) ? prepareSealed(core, sa, message) : prepareClear(core, message);
}
