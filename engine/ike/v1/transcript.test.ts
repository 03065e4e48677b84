import { expect, test } from 'vitest';
import { decodeIsakmpMessage } from '../../wire/isakmp/codec.ts';
import type { IsakmpMessage, SealedIsakmpMessage } from '../../wire/isakmp/message.ts';
import type { IsakmpPayload, IsakmpPayloadOf } from '../../wire/isakmp/payload.ts';
import { isakmpBodyOf } from '../../wire/isakmp/payload-body.ts';
import { type IsakmpTranscript, isakmpTranscripts, messagesOf } from '../../wire/isakmp/testing/transcripts.ts';
import { u32At } from '../../wire/octets.ts';
import { fromHex, must, toHex } from '../../wire/testing/must.ts';
import { firstIv, isakmpKeys, phase2Iv, prfOf } from './keys.ts';
import { quickModeKeys } from './keymat.ts';
import { hash1, hash2, hash3 } from './phase2-hash.ts';
import { proofHash } from './proof.ts';
import { open, type Opened, seal } from './seal.ts';
import type { IsakmpSuite } from './suite.ts';
import { octetsBehindFirst } from '../../wire/isakmp/codec.ts';

/** What strongSwan computed, from the octets that it sent. */
const TRANSCRIPTS = isakmpTranscripts();

/** With fragments put together: strongSwan begins each message with fragment 1. */
function wholeMessages(transcript: IsakmpTranscript): IsakmpMessage[] {
  let pieces: Uint8Array[] = [];
  return messagesOf(transcript).flatMap(octets => {
    const message = decodeIsakmpMessage(octets);
    const [first] = message.payloads;
    if (first?.type !== 'FRAG') return [message];
    pieces.push(first.data);
    if (!first.isLast) return [];
    const whole = new Uint8Array(Buffer.concat(pieces));
    pieces = [];
    return [decodeIsakmpMessage(whole)];
  });
}

const all = <T extends IsakmpPayload['type']>(messages: readonly Pick<IsakmpMessage, 'payloads'>[], type: T) =>
  messages.flatMap(({ payloads }) => payloads.filter((one): one is IsakmpPayloadOf<T> => one.type === type));

const suiteOf = ({ encryption, hash }: IsakmpTranscript): IsakmpSuite => ({
  encryption,
  hash,
  keyExchange: 'modp1024',
  method: 'psk',
  methodNumber: 1,
  lifeSeconds: null,
  lifeKilobytes: null,
});

/** All that both ends know of a transcript. */
function known(transcript: IsakmpTranscript) {
  const { initiatorCookie, responderCookie, phase1 } = transcript;
  const suite = suiteOf(transcript);
  const messages = wholeMessages(transcript);
  const [ni, nr] = all(messages, 'NONCE').map(({ data }) => data);
  const keys = must(
    isakmpKeys(suite, {
      shared: fromHex(phase1.sharedSecret),
      initiatorCookie,
      responderCookie,
      initiatorNonce: must(ni),
      responderNonce: must(nr),
      secret: new TextEncoder().encode(phase1.psk),
    }),
  );
  const [gxi, gxr] = all(messages, 'KE').map(({ data }) => data);
  return { suite, keys, messages, gxi: must(gxi), gxr: must(gxr) };
}

/** The messages of one Message ID, opened; our own sealing of what is inside is the same, but for a block of padding that need not be. */
function openedExchange(transcript: IsakmpTranscript, messageId: number, iv: Uint8Array): Opened[] {
  const { suite, keys, messages } = known(transcript);
  let chain = iv;
  return messages
    .filter((message): message is SealedIsakmpMessage => message.body !== null && message.messageId === messageId)
    .map(message => {
      const opened = must(open({ suite, keys }, message, chain));
      const again = seal({ suite, keys }, message, opened.payloads, chain);
      expect(toHex(message.body)).toContain(toHex(again.octets.subarray(28)));
      chain = opened.iv;
      return opened;
    });
}

test.each(TRANSCRIPTS)('strongSwan: $name: SKEYID and what comes of it', transcript => {
  const { phase1 } = transcript;
  const { suite, keys, gxi, gxr } = known(transcript);
  const { skeyid, skeyidD, skeyidA, cipherKey } = keys;
  expect([skeyid, skeyidD, skeyidA, cipherKey, firstIv(suite, gxi, gxr)].map(toHex)).toEqual([
    phase1.skeyid,
    phase1.skeyidD,
    phase1.skeyidA,
    phase1.ka,
    phase1.initialIv,
  ]);
});

test.each(TRANSCRIPTS)('strongSwan: $name: HASH_I and HASH_R', transcript => {
  const { phase1 } = transcript;
  const { suite, keys, messages, gxi, gxr } = known(transcript);
  const inside = openedExchange(transcript, 0, firstIv(suite, gxi, gxr));
  const identities = all([...messages, ...inside], 'ID').map(({ idType, protocol, port, data }) => ({
    idType,
    protocol,
    port,
    data,
  }));
  const proof = { offer: isakmpBodyOf(must(all(messages, 'SA')[0])), initiatorKe: gxi, responderKe: gxr };
  const hashes = (['initiator', 'responder'] as const).map((prover, i) =>
    toHex(proofHash(prover, transcript, suite, keys.skeyid, proof, must(identities[i]))),
  );
  expect(hashes).toEqual([phase1.hashI, phase1.hashR]);
  expect(
    all([...messages, ...inside], 'HASH')
      .map(({ data }) => toHex(data))
      .toSorted(),
  ).toEqual(hashes.toSorted());
});

test.each(TRANSCRIPTS)('strongSwan: $name: Quick Mode, its HASHes and KEYMAT', transcript => {
  const { suite, keys, messages, gxi, gxr } = known(transcript);
  const phase1 = openedExchange(transcript, 0, firstIv(suite, gxi, gxr));
  const { messageId } = must(messages.find(({ exchangeType }) => exchangeType === 32));
  const exchange = openedExchange(transcript, messageId, phase2Iv(suite, must(phase1.at(-1)).iv, messageId));
  const [one, two, three] = [must(exchange[0]), must(exchange[1]), must(exchange[2])];
  const key = { prf: prfOf(suite), skeyidA: keys.skeyidA };
  const [ni, nr] = all(exchange, 'NONCE').map(({ data }) => data);
  const expected = [
    hash1(key, messageId, octetsBehindFirst(one)),
    hash2(key, messageId, must(ni), octetsBehindFirst(two)),
    hash3(key, messageId, must(ni), must(nr)),
  ];
  expect(all([one, two, three], 'HASH').map(({ data }) => toHex(data))).toEqual(expected.map(toHex));

  const spis = all(exchange, 'SA').map(({ proposals }) => u32At(must(proposals[0]).spi, 0));
  const { pfsSecret, ...child } = transcript.child;
  const secret = pfsSecret === null ? null : fromHex(pfsSecret);
  const source = { prf: key.prf, skeyidD: keys.skeyidD, protocolId: 3, ni: must(ni), nr: must(nr), secret };
  const isLong = child.encryptionInitiator.length === 64;
  const made = quickModeKeys(source, must(spis[0]), must(spis[1]), {
    protocol: 'esp',
    encryption: isLong ? 'aes256' : 'aes128',
    integrity: isLong ? 'sha1' : 'sha256',
    keyExchange: null,
    additionalKeyExchanges: [],
    esn: false,
  });
  expect({
    encryptionInitiator: toHex(made.initiator.encryption),
    encryptionResponder: toHex(made.responder.encryption),
    integrityInitiator: toHex(made.initiator.integrity),
    integrityResponder: toHex(made.responder.integrity),
  }).toEqual(child);
});
