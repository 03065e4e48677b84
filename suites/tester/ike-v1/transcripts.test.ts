import { describe, expect, test } from 'vitest';
import { ikeSpiOctets } from '../../../engine/wire/ike/header.ts';
import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import {
  type IsakmpTranscript,
  isakmpTranscripts,
  messagesOf,
} from '../../../engine/wire/isakmp/testing/transcripts.ts';
import { espTransform } from '../crypto/esp-transform.ts';
import { cbcCipher } from './cbc.ts';
import { IsakmpState } from './isakmp-state.ts';
import { keymat, phase1Hash } from './key-schedule.ts';
import { behindFirst, bodyOf, firstBody, openIsakmp, readMessage } from './messages.ts';
import { EXCHANGE, payloadOf } from './payloads.ts';
import { isakmpSuite } from './suite.ts';

/** The tester's own keys, hashes and IV chains, against handshakes of strongSwan with itself whose keys were in its log. */

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** The tester puts no fragments together, and has no relics of ciphers. */
const READABLE = isakmpTranscripts().filter(
  transcript =>
    cbcCipher(transcript.encryption) !== null &&
    messagesOf(transcript).every(octets => readMessage(octets)?.payloads.every(({ type }) => type !== 'FRAG') === true),
);

interface Read {
  readonly exchange: number;
  readonly messageId: number;
  readonly payloads: readonly IsakmpPayload[];
  readonly text: Uint8Array;
}

/** Plays it: the keys are derived as soon as both halves are known, each message opened by its chain. */
function read(transcript: IsakmpTranscript) {
  const state = new IsakmpState(
    { ...isakmpSuite('aes128-sha256-modp1024'), hash: transcript.hash, cipher: cipherOf(transcript.encryption) },
    transcript.initiatorCookie,
  );
  state.cookieR = transcript.responderCookie;
  const all: Read[] = [];
  const messages = messagesOf(transcript);
  const seen = new Set<string>();
  for (const octets of messages) {
    const message = readMessage(octets);
    if (message === null || seen.has(hex(octets))) continue;
    seen.add(hex(octets));
    const opened = openIsakmp(octets, state.chain(message.messageId));
    if (opened.kind !== 'clear' && opened.kind !== 'opened')
      throw new Error(`${transcript.name}, message ${all.length + 1}: ${opened.why}`);
    if (message.body !== null) state.advance(message.messageId, message.body);
    const text = opened.kind === 'opened' ? opened.text : new Uint8Array(0);
    all.push({ exchange: message.exchangeType, messageId: message.messageId, payloads: opened.payloads, text });
    const halves = all.filter(({ payloads }) => payloadOf(payloads, 'KE') !== null);
    if (state.keys === null && halves.length === 2) derive(state, transcript, halves);
  }
  return { state, all, offer: firstBody(messages[0] ?? new Uint8Array(0)) };
}

function cipherOf(token: string) {
  const cipher = cbcCipher(token);
  if (cipher === null) throw new Error(`no ${token}`);
  return cipher;
}

function derive(state: IsakmpState, { phase1 }: IsakmpTranscript, [one, two]: readonly Read[]): void {
  const of = (from: Read | undefined, type: 'KE' | 'NONCE') =>
    payloadOf(from?.payloads ?? [], type)?.data ?? new Uint8Array(0);
  state.derive({
    nonceI: of(one, 'NONCE'),
    nonceR: of(two, 'NONCE'),
    publicI: of(one, 'KE'),
    publicR: of(two, 'KE'),
    shared: Buffer.from(phase1.sharedSecret, 'hex'),
    psk: phase1.psk === '' ? null : Buffer.from(phase1.psk, 'latin1'),
  });
}

test('Main Mode, Aggressive Mode and XAuth can be read', () => expect(READABLE).toHaveLength(3));

describe.each(READABLE.map(transcript => [transcript.name, transcript] as const))('%s', (_, transcript) => {
  const { state, all, offer } = read(transcript);
  const { keys, sources } = state;
  if (keys === null || sources === null) throw new Error('no keys');

  test('SKEYID and all that is made of it', () => {
    const { phase1 } = transcript;
    expect({ skeyid: hex(keys.skeyid), d: hex(keys.d), a: hex(keys.a), e: hex(keys.e) }).toEqual({
      skeyid: phase1.skeyid,
      d: phase1.skeyidD,
      a: phase1.skeyidA,
      e: phase1.skeyidE,
    });
    expect(phase1.ka.startsWith(hex(keys.encryption))).toBe(true);
    expect(phase1.initialIv.startsWith(hex(keys.firstIv))).toBe(true);
    expect(ikeSpiOctets(state.cookieI)).toHaveLength(8);
  });

  test('HASH_I and HASH_R', () => {
    const ids = all
      .filter(({ messageId }) => messageId === 0)
      .flatMap(({ payloads }) => payloadOf(payloads, 'ID') ?? []);
    const [idI, idR] = ids;
    if (idI === undefined || idR === undefined) throw new Error('no identities');
    expect(hex(phase1Hash(transcript.hash, keys, sources, 'initiator', offer, bodyOf(idI)))).toBe(
      transcript.phase1.hashI,
    );
    expect(hex(phase1Hash(transcript.hash, keys, sources, 'responder', offer, bodyOf(idR)))).toBe(
      transcript.phase1.hashR,
    );
  });

  test('HASH(1) to HASH(3), and the keys of the SAs', () => {
    const [first] = all.filter(({ exchange }) => exchange === EXCHANGE.quick);
    const [one, two, three] = all.filter(
      ({ exchange, messageId }) => exchange === EXCHANGE.quick && messageId === first?.messageId,
    );
    if (one === undefined || two === undefined || three === undefined) throw new Error('no Quick Mode');
    const [nonceI, nonceR] = [one, two].map(({ payloads }) => payloadOf(payloads, 'NONCE')?.data ?? new Uint8Array(0));
    if (nonceI === undefined || nonceR === undefined) throw new Error('no nonces');
    const hashes = [one, two, three].map(({ payloads }) => hex(payloadOf(payloads, 'HASH')?.data ?? new Uint8Array(0)));
    expect(hashes).toEqual([
      hex(state.hash1(one.messageId, behindFirst(one.text))),
      hex(state.hash2(one.messageId, nonceI, behindFirst(two.text))),
      hex(state.hash3(one.messageId, nonceI, nonceR)),
    ]);
    const { child } = transcript;
    const shared = child.pfsSecret === null ? null : Buffer.from(child.pfsSecret, 'hex');
    // What the initiator sends with is named by the SPI of the responder, and the other way round.
    for (const [by, encryption, integrity] of [
      [two, child.encryptionInitiator, child.integrityInitiator],
      [one, child.encryptionResponder, child.integrityResponder],
    ] as const) {
      const spi = chosenSpi(by, two);
      const wanted = `${encryption}${integrity}`;
      const of = { shared, protocolId: 3, spi, nonceI, nonceR };
      expect(hex(keymat(transcript.hash, keys.d, of, wanted.length / 2))).toBe(wanted);
    }
  });
});

/** Of the proposal that message 2 has chosen. */
function chosenSpi({ payloads }: Read, answer: Read): Uint8Array {
  const number = payloadOf(answer.payloads, 'SA')?.proposals[0]?.number;
  const found = payloadOf(payloads, 'SA')?.proposals.find(it => it.number === number);
  if (found === undefined) throw new Error('no SPI');
  return found.spi;
}

test('ciphers of ISAKMP are what node:crypto has for ESP', () => {
  for (const token of ['aes128', 'aes256', '3des', 'camellia128']) {
    const [own, esp] = [cbcCipher(token), espTransform(`${token}-sha1`)];
    if (own === null || esp === null) throw new Error(`no ${token}`);
    const [key, iv, text] = [own.keyOctets, own.blockOctets, 48].map(octets => Buffer.alloc(octets, octets));
    if (key === undefined || iv === undefined || text === undefined) throw new Error('three are three');
    const sealed = own.encrypt(key, iv, text);
    const none = new Uint8Array(0);
    expect(hex(sealed)).toBe(hex(esp.cipher.encrypt({ key, salt: none, iv, aad: none, text }).ciphertext));
    expect(hex(own.decrypt(key, iv, sealed) ?? none)).toBe(hex(text));
  }
});
