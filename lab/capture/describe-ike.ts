import type { IkeLayer } from '../../engine/wire/dissection.ts';
import type { Payload, TrafficSelector } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, nameOf, ProtocolId } from '../../engine/wire/ike/registry.ts';
import { describeIsakmp, describeIsakmpOpening } from './describe-isakmp.ts';
import type { IkeOpening } from './ike-decrypt.ts';
import type { IsakmpOpening } from './isakmp-decrypt.ts';
import { formatAddress } from '../../engine/wire/address.ts';
import { formatSpi } from '../../engine/wire/spi.ts';

/** More payloads are counted, not named. */
const PAYLOADS_SHOWN = 24;

/**
 * An IKE message in a few words: `IKE IKE_SA_INIT request 0 0123456789abcdef > 0000000000000000: SA KE Ni N(COOKIE)`; the
 * initiator's SPI is the first. Nothing of the peer's octets is shown as text.
 */
export function describeIke({ octets, header, payloads, isakmp }: IkeLayer): string {
  if (header === null) return `IKE, ${octets.length} octets`;
  const { initiatorSpi, responderSpi, majorVersion, isResponse, messageId } = header;
  const spis = `${initiatorSpi} > ${responderSpi}`;
  if (isakmp !== null) return describeIsakmp(isakmp);
  if (majorVersion !== 2) return `IKE version ${majorVersion}, ${spis}, ${octets.length} octets`;
  const exchange = nameOf(ExchangeType, header.exchangeType) ?? `exchange ${header.exchangeType}`;
  const what = payloads === null ? 'malformed' : describePayloads(payloads, isResponse);
  return `IKE ${exchange} ${isResponse ? 'response' : 'request'} ${messageId} ${spis}${what === '' ? '' : `: ${what}`}`;
}

/** What SK, or an encrypted message of IKEv1, holds: `inside: IDi AUTH SA TSi(…) TSr(…)`, or why that cannot be said. */
export function describeIkeOpening(opening: IkeOpening | IsakmpOpening): string {
  switch (opening.kind) {
    case 'ikeOpened': {
      const what = describePayloads(opening.payloads, opening.header.isResponse);
      return `inside: ${what === '' ? 'nothing' : what}`;
    }
    case 'ikeFragment':
      return `fragment ${opening.number} of ${opening.total}, authentic`;
    case 'ikeUnknownSa':
      return `not decrypted: no key for ${opening.header.initiatorSpi} > ${opening.header.responderSpi}`;
    case 'ikeRejected':
      return `not decrypted: ${opening.why}`;
    case 'isakmpOpened':
    case 'isakmpFragment':
    case 'isakmpUnknownSa':
    case 'isakmpRejected':
      return describeIsakmpOpening(opening);
  }
}

/** As RFC 7296 §1.2 writes them: `SA KE Ni`, `IDi AUTH SA TSi TSr`. Empty without any. */
export function describePayloads(payloads: readonly Payload[], isResponse: boolean): string {
  const shown = payloads.slice(0, PAYLOADS_SHOWN).map(payload => describePayload(payload, isResponse));
  const more = payloads.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}

function describePayload(payload: Payload, isResponse: boolean): string {
  switch (payload.type) {
    case 'NONCE':
      return isResponse ? 'Nr' : 'Ni';
    case 'N':
      return `N(${nameOf(NotifyType, payload.notifyType) ?? payload.notifyType})`;
    case 'D':
      return payload.spis.length === 0
        ? `D(${protocolName(payload.protocolId)})`
        : `D(${protocolName(payload.protocolId)} ${payload.spis.slice(0, PAYLOADS_SHOWN).map(formatSpi).join(' ')})`;
    case 'TSi':
    case 'TSr':
      return `${payload.type}(${payload.selectors.slice(0, PAYLOADS_SHOWN).map(describeSelector).join(' ')})`;
    case 'SK':
      return `SK, ${payload.body.length} octets`;
    case 'SKF':
      return `SKF ${payload.fragmentNumber} of ${payload.totalFragments}, ${payload.body.length} octets`;
    case 'unknown':
      return `payload ${payload.payloadType}`;
    case 'SA':
    case 'KE':
    case 'IDi':
    case 'IDr':
    case 'CERT':
    case 'CERTREQ':
    case 'AUTH':
    case 'V':
    case 'CP':
    case 'EAP':
    case 'PS':
      return payload.type;
  }
}

const protocolName = (protocolId: number): string => nameOf(ProtocolId, protocolId) ?? `protocol ${protocolId}`;

/** `10.0.0.0-10.0.0.255`, with `/6:80-80` (protocol and ports) where it is not all of them. */
function describeSelector({ tsType, protocol, startPort, endPort, start, end, unknown }: TrafficSelector): string {
  if (unknown !== undefined) return `type ${tsType}`;
  const addresses = `${formatAddress(start)}-${formatAddress(end)}`;
  if (protocol === 0 && startPort === 0 && endPort === 0xffff) return addresses;
  return `${addresses}/${protocol}:${startPort}-${endPort}`;
}
