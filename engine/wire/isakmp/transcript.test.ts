import { expect, test } from 'vitest';
import { toHex } from '../testing/must.ts';
import { decodeIsakmpMessage, encodeIsakmpMessage } from './codec.ts';
import { isakmpTranscripts, messagesOf } from './testing/transcripts.ts';
import { vendorIdName } from './vendor-id.ts';

test.each(isakmpTranscripts())('strongSwan: $name: each message is read, and written as it was', transcript => {
  const messages = messagesOf(transcript);
  expect(messages.map(octets => toHex(encodeIsakmpMessage(decodeIsakmpMessage(octets))))).toEqual(messages.map(toHex));
});

test('its vendor IDs have names', () => {
  const [transcript] = isakmpTranscripts();
  const [first] = transcript === undefined ? [] : messagesOf(transcript).map(decodeIsakmpMessage);
  const names = first?.payloads.flatMap(payload => (payload.type === 'VID' ? [vendorIdName(payload.data)] : []));
  expect(names).toEqual([
    'XAUTH',
    'Dead Peer Detection',
    'FRAGMENTATION',
    'RFC 3947',
    'draft-ietf-ipsec-nat-t-ike-02\\n',
  ]);
});
