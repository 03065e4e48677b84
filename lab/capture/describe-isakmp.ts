import { formatAddress } from '../../engine/wire/address.ts';
import type { IsakmpHeader, IsakmpMessage } from '../../engine/wire/isakmp/message.ts';
import type { IsakmpDeletePayload, IsakmpIdPayload, IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import {
  IsakmpCfgType,
  IsakmpExchange,
  IsakmpIdType,
  IsakmpNotify,
  IsakmpProtocol,
} from '../../engine/wire/isakmp/registry.ts';
import { vendorIdName } from '../../engine/wire/isakmp/vendor-id.ts';
import { nameOf } from '../../engine/wire/ike/registry.ts';
import type { IsakmpOpening } from './isakmp-decrypt.ts';

/** More payloads, or SPIs of one, are counted, not named. */
const SHOWN_MAX = 24;

/**
 * A message of IKEv1 in a few words: `IKEv1 Main Mode 0123456789abcdef > 0000000000000000: SA VID(RFC 3947)`, CKY-I first, and the
 * Message ID behind the exchange where there is one. Nothing of the peer's octets is shown as text.
 */
export function describeIsakmp(message: IsakmpMessage): string {
  const what =
    message.body === null ? describeIsakmpPayloads(message.payloads) : `encrypted, ${message.body.length} octets`;
  return `${describeIsakmpHeader(message)}${what === '' ? '' : `: ${what}`}`;
}

/** `IKEv1 Quick Mode 0x5a3b1c02 0123456789abcdef > fedcba9876543210`. */
export function describeIsakmpHeader(header: Omit<IsakmpHeader, 'minorVersion' | 'majorVersion'>): string {
  const { initiatorCookie, responderCookie, exchangeType, messageId } = header;
  const exchange = EXCHANGE_NAMES.get(exchangeType) ?? `exchange ${exchangeType}`;
  const id = messageId === 0 ? '' : ` 0x${messageId.toString(16).padStart(8, '0')}`;
  const commit = header.isCommit ? ' commit' : '';
  return `IKEv1 ${exchange}${id}${commit} ${initiatorCookie} > ${responderCookie}`;
}

/** What an encrypted message holds: `inside: ID HASH`, or why that cannot be said. */
export function describeIsakmpOpening(opening: IsakmpOpening): string {
  switch (opening.kind) {
    case 'isakmpOpened':
      return `inside: ${describeIsakmpPayloads(opening.payloads)}`;
    case 'isakmpFragment': {
      const { fragmentId, number } = opening.fragment;
      return `fragment ${number} of message ${fragmentId}, others are missing`;
    }
    case 'isakmpUnknownSa':
      return `not decrypted: no key for ${opening.header.initiatorCookie} > ${opening.header.responderCookie}`;
    case 'isakmpRejected':
      return `not decrypted: ${opening.why}`;
  }
}

/** As RFC 2409 writes them: `SA KE NONCE`, `HASH SA NONCE ID ID`. Empty without any. */
export function describeIsakmpPayloads(payloads: readonly IsakmpPayload[]): string {
  const shown = payloads.slice(0, SHOWN_MAX).map(describePayload);
  const more = payloads.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}

/** In the words of those who type them. */
const EXCHANGE_NAMES: ReadonlyMap<number, string> = new Map([
  [IsakmpExchange.BASE, 'Base'],
  [IsakmpExchange.IDENTITY_PROTECTION, 'Main Mode'],
  [IsakmpExchange.AUTHENTICATION_ONLY, 'Authentication Only'],
  [IsakmpExchange.AGGRESSIVE, 'Aggressive Mode'],
  [IsakmpExchange.INFORMATIONAL, 'Informational'],
  [IsakmpExchange.TRANSACTION, 'Transaction'],
  [IsakmpExchange.QUICK_MODE, 'Quick Mode'],
  [IsakmpExchange.NEW_GROUP_MODE, 'New Group Mode'],
]);

function describePayload(payload: IsakmpPayload): string {
  switch (payload.type) {
    case 'N':
      return `N(${nameOf(IsakmpNotify, payload.notifyType) ?? payload.notifyType})`;
    case 'D':
      return describeDelete(payload);
    case 'ID':
      return describeId(payload);
    case 'VID': {
      const name = vendorIdName(payload.data);
      return name === null ? 'VID' : `VID(${name})`;
    }
    case 'ATTR':
      return `ATTR(${nameOf(IsakmpCfgType, payload.cfgType) ?? payload.cfgType})`;
    case 'FRAG':
      return `FRAG ${payload.number} of message ${payload.fragmentId}${payload.isLast ? ', the last' : ''}, ${payload.data.length} octets`;
    case 'NATD':
      return 'NAT-D';
    case 'NATOA':
      return 'NAT-OA';
    case 'UNKNOWN':
      return `payload ${payload.payloadType}`;
    case 'SA':
    case 'KE':
    case 'CERT':
    case 'CR':
    case 'HASH':
    case 'SIG':
    case 'NONCE':
      return payload.type;
  }
}

function describeDelete({ protocolId, spis }: IsakmpDeletePayload): string {
  const protocol = nameOf(IsakmpProtocol, protocolId) ?? `protocol ${protocolId}`;
  const shown = spis.slice(0, SHOWN_MAX).map(spi => {
    const hex = Buffer.from(spi).toString('hex');
    return spi.length === 4 ? `0x${hex}` : hex;
  });
  return `D(${[protocol, ...shown].join(' ')})`;
}

/** `ID(10.0.0.0/24)`, with ` 6:80` (protocol and port) where it is not all of them; names stay untold. */
function describeId({ idType, protocol, port, data }: IsakmpIdPayload): string {
  const ports = protocol === 0 && port === 0 ? '' : ` ${protocol}:${port}`;
  const [one, two] = [data.subarray(0, data.length / 2), data.subarray(data.length / 2)];
  const isPair = data.length === PAIR_OCTETS.get(idType);
  switch (idType) {
    case IsakmpIdType.ID_IPV4_ADDR:
    case IsakmpIdType.ID_IPV6_ADDR:
      return data.length === ADDRESS_OCTETS.get(idType) ? `ID(${formatAddress(data)}${ports})` : 'ID';
    case IsakmpIdType.ID_IPV4_ADDR_SUBNET:
    case IsakmpIdType.ID_IPV6_ADDR_SUBNET:
      return isPair ? `ID(${formatAddress(one)}${maskOf(two)}${ports})` : 'ID';
    case IsakmpIdType.ID_IPV4_ADDR_RANGE:
    case IsakmpIdType.ID_IPV6_ADDR_RANGE:
      return isPair ? `ID(${formatAddress(one)}-${formatAddress(two)}${ports})` : 'ID';
    default:
      return 'ID';
  }
}

/** `/24`, or ` mask 255.0.255.0` where its bits do not stand together. */
function maskOf(mask: Uint8Array): string {
  const bits = Array.from(mask, octet => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? `/${bits.replaceAll('0', '').length}` : ` mask ${formatAddress(mask)}`;
}

const ADDRESS_OCTETS: ReadonlyMap<number, number> = new Map([
  [IsakmpIdType.ID_IPV4_ADDR, 4],
  [IsakmpIdType.ID_IPV6_ADDR, 16],
]);

const PAIR_OCTETS: ReadonlyMap<number, number> = new Map([
  [IsakmpIdType.ID_IPV4_ADDR_SUBNET, 8],
  [IsakmpIdType.ID_IPV4_ADDR_RANGE, 8],
  [IsakmpIdType.ID_IPV6_ADDR_SUBNET, 32],
  [IsakmpIdType.ID_IPV6_ADDR_RANGE, 32],
]);
