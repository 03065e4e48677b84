import { expect, test } from 'vitest';
import { decodeIsakmpMessage, decodeIsakmpPayloads } from '../wire/isakmp/codec.ts';
import type { SealedIsakmpMessage } from '../wire/isakmp/message.ts';
import { isakmpTranscripts, messagesOf } from '../wire/isakmp/testing/transcripts.ts';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import { isakmpCipher } from './isakmp-cipher.ts';
import { isakmpHash } from './isakmp-hash.ts';

/** Without the one that comes in fragments. */
const whole = isakmpTranscripts().filter(({ messages }) =>
  messages.every(message => !message.slice(34).startsWith('84')),
);

test('there are all kinds of ciphers', () => {
  expect(whole.map(({ encryption }) => encryption)).toEqual(['aes128', '3des', 'camellia256', 'blowfish', 'cast']);
});

test.each(whole)('strongSwan: $name: IVs chain through phase 1 and begin phase 2', transcript => {
  const { phase1 } = transcript;
  const cipher = must(isakmpCipher(transcript.encryption));
  const hash = must(isakmpHash(transcript.hash));
  const messages = messagesOf(transcript).map(decodeIsakmpMessage);
  const values = messages.flatMap(({ payloads }) => payloads.filter(payload => payload.type === 'KE'));
  const iv = hash.digest(...values.map(({ data }) => data)).subarray(0, cipher.blockOctets);
  expect(toHex(iv)).toBe(phase1.initialIv);

  const key = fromHex(phase1.ka);
  expect(cipher.weakKeyReason(key)).toBeNull();
  const sealed = messages.filter((message): message is SealedIsakmpMessage => message.body !== null);
  let last = iv;
  const inside = sealed
    .filter(({ messageId }) => messageId === 0)
    .map(({ body, firstPayload }) => {
      const { plaintext, nextIv } = must(cipher.decrypt(key, last, body));
      expect(toHex(cipher.encrypt(key, last, plaintext).ciphertext)).toBe(toHex(body));
      last = nextIv;
      return decodeIsakmpPayloads(firstPayload, plaintext).find(payload => payload.type === 'HASH');
    });
  const hashes = inside.flatMap(found => (found === undefined ? [] : [toHex(found.data)]));
  expect([phase1.hashI, phase1.hashR].filter(each => hashes.includes(each))).toHaveLength(hashes.length);
  expect(hashes.length).toBeGreaterThan(0);

  const first = must(sealed.find(({ exchangeType }) => exchangeType === 32));
  const id = Buffer.alloc(4);
  id.writeUInt32BE(first.messageId);
  const phase2Iv = hash.digest(last, id).subarray(0, cipher.blockOctets);
  const { plaintext } = must(cipher.decrypt(key, phase2Iv, first.body));
  const payloads = decodeIsakmpPayloads(first.firstPayload, plaintext);
  expect(payloads.map(({ type }) => type)).toEqual(['HASH', 'SA', 'NONCE', 'ID', 'ID']);
});
