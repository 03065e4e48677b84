import { expect, test } from 'vitest';
import { encodeIpv4 } from '../ipv4.ts';
import { addressOf } from '../testing/must.ts';
import { Prng } from '../testing/prng.ts';
import { hasTshark, NEEDS_TSHARK, PcapLink, tsharkFields } from '../testing/tshark.ts';
import { encodeUdp } from '../udp.ts';
import { encodeIsakmpMessage } from './codec.ts';
import type { IsakmpMessage } from './message.ts';
import type { IsakmpAttribute, IsakmpPayload, IsakmpPayloadOf, IsakmpProposal } from './payload.ts';
import { isakmpPayloadTypeOf } from './payload-body.ts';
import { randomIsakmpMessage } from './testing/random-isakmp.ts';

const source = addressOf('192.0.2.1');
const destination = addressOf('192.0.2.2');

function packet(message: IsakmpMessage): Uint8Array {
  const payload = encodeIsakmpMessage(message);
  return encodeIpv4({
    source,
    destination,
    dscpEcn: 0,
    identification: 0,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: 17,
    options: new Uint8Array(0),
    payload: encodeUdp({ sourcePort: 500, destinationPort: 500, payload }, source, destination),
  });
}

const join = (values: readonly (number | string)[]): string => values.join(',');
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const hex16 = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;
const flag = (isSet: boolean): string => (isSet ? '1' : '0');

/** The values of one kind of payload, in order. */
function all<T extends IsakmpPayload['type']>({ payloads }: IsakmpMessage, ...types: T[]): IsakmpPayloadOf<T>[] {
  return payloads.filter((payload): payload is IsakmpPayloadOf<T> => types.some(type => type === payload.type));
}

const proposals = (message: IsakmpMessage): IsakmpProposal[] => all(message, 'SA').flatMap(sa => [...sa.proposals]);
const transforms = (message: IsakmpMessage) => proposals(message).flatMap(proposal => [...proposal.transforms]);
/** tshark takes KEY_IKE alone, transform 1 of protocol 1, for phase 1. */
const attributes = (message: IsakmpMessage, phase: 1 | 2): IsakmpAttribute[] =>
  proposals(message).flatMap(({ protocolId, transforms: list }) =>
    list
      .filter(({ id }) => (protocolId === 1 && id === 1) === (phase === 1))
      .flatMap(transform => [...transform.attributes]),
  );

/** What tshark calls a field, and what of a message it must show there; several are joined by commas. */
const fields: readonly (readonly [string, (message: IsakmpMessage) => string])[] = [
  ['isakmp.ispi', m => m.initiatorCookie],
  ['isakmp.rspi', m => m.responderCookie],
  ['isakmp.mjver', () => '0x01'],
  ['isakmp.mnver', m => `0x${m.minorVersion.toString(16).padStart(2, '0')}`],
  ['isakmp.exchangetype', m => `${m.exchangeType}`],
  ['isakmp.flag_e', m => flag(m.isEncrypted)],
  ['isakmp.flag_c', m => flag(m.isCommit)],
  ['isakmp.flag_a', m => flag(m.isAuthenticationOnly)],
  ['isakmp.messageid', m => `0x${m.messageId.toString(16).padStart(8, '0')}`],
  ['isakmp.sa.doi', m => join(all(m, 'SA').map(sa => sa.doi))],
  ['isakmp.prop.number', m => join(proposals(m).map(p => p.number))],
  ['isakmp.prop.protoid', m => join(proposals(m).map(p => p.protocolId))],
  ['isakmp.prop.transforms', m => join(proposals(m).map(p => p.transforms.length))],
  ['isakmp.trans.number', m => join(transforms(m).map(t => t.number))],
  ['isakmp.trans.id', m => join(transforms(m).map(t => t.id))],
  ['isakmp.ike.attr.type', m => join(attributes(m, 1).map(a => a.type))],
  ['isakmp.ipsec.attr.type', m => join(attributes(m, 2).map(a => a.type))],
  ['isakmp.id.type', m => join(all(m, 'ID', 'NATOA').map(id => id.idType))],
  ['isakmp.id.protoid', m => join(all(m, 'ID').map(id => id.protocol))],
  ['isakmp.id.port', m => join(all(m, 'ID').map(id => id.port))],
  ['isakmp.certreq.type', m => join(all(m, 'CR').map(cert => cert.encoding))],
  ['isakmp.hash', m => join(all(m, 'HASH').map(hash => hex(hash.data)))],
  ['isakmp.sig', m => join(all(m, 'SIG').map(signature => hex(signature.data)))],
  ['isakmp.nonce', m => join(all(m, 'NONCE').map(nonce => hex(nonce.data)))],
  ['isakmp.notify.doi', m => join(all(m, 'N').map(notify => notify.doi))],
  ['isakmp.notify.protoid', m => join(all(m, 'N').map(notify => notify.protocolId))],
  ['isakmp.notify.msgtype', m => join(all(m, 'N').map(notify => notify.notifyType))],
  ['isakmp.delete.protoid', m => join(all(m, 'D').map(payload => payload.protocolId))],
  ['isakmp.delete.spi', m => join(all(m, 'D').flatMap(payload => payload.spis.map(hex)))],
  ['isakmp.cfg.type', m => join(all(m, 'ATTR').map(payload => payload.cfgType))],
  ['isakmp.cfg.identifier', m => join(all(m, 'ATTR').map(payload => payload.identifier))],
  ['isakmp.cfg.attr.type', m => join(all(m, 'ATTR').flatMap(payload => payload.attributes.map(a => a.type)))],
  ['isakmp.ike.nat_hash', m => join(all(m, 'NATD').map(payload => hex(payload.data)))],
  ['isakmp.frag.packetid', m => join(all(m, 'FRAG').map(({ fragmentId }) => hex16(fragmentId)))],
  ['isakmp.frag.seq', m => join(all(m, 'FRAG').map(fragment => fragment.number))],
  ['isakmp.frag.last', m => join(all(m, 'FRAG').map(fragment => (fragment.isLast ? 1 : 0)))],
];

const unknownTypes = (list: readonly IsakmpAttribute[]): IsakmpAttribute[] =>
  list.map(attribute => ({ ...attribute, type: 0x4f00 | (attribute.type & 0xff) }));

/** Without what tshark reads as it pleases, though it is legal: random numbers mean something to it. */
function plain(payload: IsakmpPayload): IsakmpPayload[] {
  switch (payload.type) {
    case 'SA': {
      if (payload.unread !== undefined) return [];
      const known = payload.proposals.map(proposal => ({
        ...proposal,
        protocolId: proposal.protocolId % 2 === 0 ? 1 : 3,
        transforms: proposal.transforms.map(each => ({
          ...each,
          id: each.id % 4,
          attributes: unknownTypes(each.attributes),
        })),
      }));
      return [{ ...payload, proposals: known }];
    }
    case 'ATTR':
      return [{ ...payload, attributes: unknownTypes(payload.attributes) }];
    case 'N':
      return [{ ...payload, doi: 1, notifyType: 40_960 | payload.notifyType }];
    case 'ID':
      return [{ ...payload, idType: 128 | payload.idType }];
    case 'HASH':
    case 'SIG':
    case 'NONCE':
      return payload.data.length === 0 ? [] : [payload];
    case 'CERT':
    case 'UNKNOWN':
      return [];
    case 'KE':
    case 'CR':
    case 'D':
    case 'VID':
    case 'NATD':
    case 'FRAG':
      return [payload];
    case 'NATOA':
      return [{ ...payload, idType: payload.data.length === 4 ? 1 : 5 }];
  }
}

test.skipIf(!hasTshark)(`tshark reads the fields that we wrote ${NEEDS_TSHARK}`, () => {
  const random = new Prng(2408);
  const messages = Array.from({ length: 400 }, () => {
    const message: IsakmpMessage = { ...randomIsakmpMessage(random), minorVersion: 0 };
    if (message.body !== null) return message;
    return { ...message, isEncrypted: false, payloads: message.payloads.flatMap(plain) };
  });
  const names = fields.map(([name]) => name);
  const rows = tsharkFields(messages.map(packet), [...names, 'isakmp.typepayload', '_ws.malformed'], {
    link: PcapLink.RAW_IP,
  });
  expect(rows).toHaveLength(messages.length);
  for (const [i, message] of messages.entries()) {
    const [row, types] = [rows[i] ?? [], rows[i]?.[fields.length]];
    expect(Object.fromEntries(names.map((name, at) => [name, row[at]]))).toEqual(
      Object.fromEntries(fields.map(([name, read]) => [name, read(message)])),
    );
    // tshark lists proposals (2) and transforms (3) among the payloads.
    const listed = (types ?? '').split(',').filter(type => type !== '' && type !== '2' && type !== '3');
    expect(listed).toEqual(message.payloads.map(payload => `${isakmpPayloadTypeOf(payload)}`));
    expect(row[fields.length + 1]).toBe('');
  }
});
