import { expect, test } from 'vitest';
import { encodeIpv4 } from '../ipv4.ts';
import { addressOf } from '../testing/must.ts';
import { Prng } from '../testing/prng.ts';
import { hasTshark, NEEDS_TSHARK, PcapLink, tsharkFields } from '../testing/tshark.ts';
import { encodeUdp } from '../udp.ts';
import { encodeIkeMessage } from './codec.ts';
import type { IkeMessage } from './message.ts';
import type { Payload } from './payload.ts';
import { payloadTypeOf } from './payload-body.ts';
import { randomMessage } from './testing/random-message.ts';

const source = addressOf('192.0.2.1');
const destination = addressOf('192.0.2.2');

function packet(message: IkeMessage): Uint8Array {
  const payload = encodeIkeMessage(message);
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

/** The values of one kind of payload, in order. */
function all<T extends Payload['type']>(message: IkeMessage, ...types: T[]): Extract<Payload, { type: T }>[] {
  return message.payloads.filter((payload): payload is Extract<Payload, { type: T }> =>
    types.some(type => type === payload.type),
  );
}

/** What tshark calls a field, and what of a message it must show there; several are joined by commas. */
const fields: readonly (readonly [string, (message: IkeMessage) => string])[] = [
  ['isakmp.ispi', m => m.initiatorSpi],
  ['isakmp.rspi', m => m.responderSpi],
  ['isakmp.mjver', m => `0x${m.majorVersion.toString(16).padStart(2, '0')}`],
  ['isakmp.mnver', m => `0x${m.minorVersion.toString(16).padStart(2, '0')}`],
  ['isakmp.exchangetype', m => `${m.exchangeType}`],
  ['isakmp.flag_i', m => (m.isInitiator ? '1' : '0')],
  ['isakmp.flag_r', m => (m.isResponse ? '1' : '0')],
  ['isakmp.flag_v', m => (m.higherVersion ? '1' : '0')],
  ['isakmp.messageid', m => `0x${m.messageId.toString(16).padStart(8, '0')}`],
  ['isakmp.key_exchange.dh_group', m => join(all(m, 'KE').map(ke => ke.group))],
  ['isakmp.id.type', m => join(all(m, 'IDi', 'IDr').map(id => id.idType))],
  ['isakmp.cert.encoding', m => join(all(m, 'CERT').map(cert => cert.encoding))],
  ['isakmp.certreq.type', m => join(all(m, 'CERTREQ').map(cert => cert.encoding))],
  ['isakmp.auth.method', m => join(all(m, 'AUTH').map(auth => auth.method))],
  ['isakmp.nonce', m => join(all(m, 'NONCE').map(nonce => Buffer.from(nonce.data).toString('hex')))],
  ['isakmp.notify.msgtype', m => join(all(m, 'N').map(notify => notify.notifyType))],
  ['isakmp.ts.protoid', m => join(all(m, 'TSi', 'TSr').flatMap(ts => ts.selectors.map(s => s.protocol)))],
  ['isakmp.frag.number', m => join(all(m, 'SKF').map(fragment => fragment.fragmentNumber))],
  ['isakmp.frag.total', m => join(all(m, 'SKF').map(fragment => fragment.totalFragments))],
  ['isakmp.prop.number', m => join(all(m, 'SA').flatMap(sa => sa.proposals.map(p => p.number)))],
  ['isakmp.prop.transforms', m => join(all(m, 'SA').flatMap(sa => sa.proposals.map(p => p.transforms.length)))],
  ['isakmp.ike2.attr.key_length', m => join(transforms(m).flatMap(t => (t.keyBits === null ? [] : [t.keyBits])))],
  ['isakmp.tf.type', m => join(transforms(m).map(t => t.type))],
];

const transforms = (message: IkeMessage) => all(message, 'SA').flatMap(sa => sa.proposals.flatMap(p => p.transforms));

/** What tshark reads otherwise than RFC 7296 has it, or complains of though it is legal: random numbers mean something to it. */
function isPlain(payload: Payload): boolean {
  if (payload.type === 'CERT' || payload.type === 'CP' || payload.type === 'EAP' || payload.type === 'unknown')
    return false;
  if (payload.type === 'N') return payload.notifyType >= 40_960; // private: no data that tshark would read
  if (payload.type === 'IDi' || payload.type === 'IDr') return payload.idType > 13;
  return payload.type !== 'TSi' && payload.type !== 'TSr'
    ? true
    : payload.selectors.every(s => s.unknown === undefined);
}

test.skipIf(!hasTshark)(`tshark reads the fields that we wrote ${NEEDS_TSHARK}`, () => {
  const random = new Prng(2408);
  const messages = Array.from({ length: 300 }, () => {
    const message = randomMessage(random);
    return { ...message, minorVersion: 0, payloads: message.payloads.filter(isPlain) };
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
    expect(listed).toEqual(message.payloads.map(payload => `${payloadTypeOf(payload)}`));
    expect(row[fields.length + 1]).toBe('');
  }
});
