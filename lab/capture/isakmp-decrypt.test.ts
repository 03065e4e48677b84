import { expect, test } from 'vitest';
import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { decodeIsakmpMessage } from '../../engine/wire/isakmp/codec.ts';
import { isakmpTranscripts, messagesOf } from '../../engine/wire/isakmp/testing/transcripts.ts';
import { IsakmpExchange } from '../../engine/wire/isakmp/registry.ts';
import { fromHex, must } from '../../engine/wire/testing/must.ts';
import { Prng } from '../../engine/wire/testing/prng.ts';
import { espCipher } from './crypto/esp-cipher.ts';
import { IsakmpDecryptor } from './isakmp-decrypt.ts';
import { isakmpKeysFor, SealedIsakmp } from './testing/seal-isakmp.ts';

const SUITES = [
  ['aes128', 'sha1'],
  ['aes192', 'sha384'],
  ['aes256', 'sha256'],
  ['camellia256', 'sha512'],
  ['3des', 'md5'],
  ['des', 'sha1'],
] as const;

const identity: readonly IsakmpPayload[] = [
  { type: 'ID', idType: 1, protocol: 17, port: 500, data: Uint8Array.of(192, 0, 2, 1) },
  { type: 'HASH', data: new Uint8Array(20).fill(9) },
];
const inform: IsakmpPayload = { type: 'D', doi: 1, protocolId: 3, spis: [Uint8Array.of(0, 0, 16, 1)] };

/** Main Mode, Quick Mode twice at the same time, an Informational, and how many payloads each message has inside. */
function conversation(suite: readonly [string, string]) {
  const sa = isakmpKeysFor(...suite);
  const sealed = new SealedIsakmp(sa);
  const clear = sealed.mainModeInClear();
  const phase1 = [identity, identity].map(payloads => sealed.sealed({}, payloads));
  const [one, two] = [sealed.quickMode(0x1234_5678), sealed.quickMode(0x9abc_def0)];
  const interleaved = one.flatMap((message, i) => [message, must(two[i])]);
  const informational = sealed.hashed(IsakmpExchange.INFORMATIONAL, 7, [inform]);
  return { sa, sealed, clear, phase1, quick: interleaved, informational };
}

test.each(SUITES)('%s %s: phase 1, exchanges of phase 2 that are interleaved, what is repeated', (...suite) => {
  const { sa, clear, phase1, quick, informational } = conversation(suite);
  const decryptor = new IsakmpDecryptor(() => [sa]);
  expect(clear.map(message => decryptor.open(message))).toEqual([null, null, null, null]);
  for (const message of phase1) {
    expect(decryptor.open(message)).toMatchObject({ kind: 'isakmpOpened', payloads: identity, isAuthentic: null });
  }
  const authentic = { kind: 'isakmpOpened', isAuthentic: true };
  expect(quick.map(message => decryptor.open(message))).toMatchObject(quick.map(() => authentic));
  expect(decryptor.open(informational)).toMatchObject({ ...authentic, payloads: [{ type: 'HASH' }, inform] });
  expect([...quick, informational].map(message => decryptor.open(message)?.kind)).toEqual(
    [...quick, informational].map(() => 'isakmpOpened'),
  );
});

test('keys that come late open what came after the message that they were missing for', () => {
  const { sa, clear, phase1, quick } = conversation(['aes256', 'sha256']);
  const log = [isakmpKeysFor('aes256', 'sha256', { responderSpi: '0000000000000001' })];
  const decryptor = new IsakmpDecryptor(() => log);
  for (const message of clear) decryptor.open(message);
  expect(phase1.map(message => decryptor.open(message)?.kind)).toEqual(['isakmpUnknownSa', 'isakmpUnknownSa']);
  log.push(sa);
  expect(quick.map(message => decryptor.open(message)?.kind)).toEqual(quick.map(() => 'isakmpOpened'));
});

test('Aggressive Mode whose last message is in the clear', () => {
  const sa = isakmpKeysFor('aes128', 'sha1');
  const sealed = new SealedIsakmp(sa);
  const decryptor = new IsakmpDecryptor(() => [sa]);
  for (const message of sealed.mainModeInClear()) decryptor.open(message);
  expect(decryptor.open(sealed.hashed(IsakmpExchange.TRANSACTION, 5, [inform]))).toMatchObject({ isAuthentic: true });
});

test('what strangers send under the same cookies disturbs nothing', () => {
  const { sa, sealed, clear, phase1, quick } = conversation(['aes128', 'sha256']);
  const decryptor = new IsakmpDecryptor(() => [sa]);
  const random = new Prng(6);
  const noise = (messageId: number): Uint8Array => {
    const message = must(quick[0]).slice();
    new DataView(message.buffer).setUint32(20, messageId);
    message.set(random.bytes(message.length - 28), 28);
    return message;
  };
  for (const message of clear) decryptor.open(message);
  for (const message of phase1) {
    decryptor.open(noise(0));
    expect(decryptor.open(message)).toMatchObject({ payloads: identity });
  }
  decryptor.open(noise(0));
  for (const message of quick) {
    expect(decryptor.open(noise(0x1234_5678))).toMatchObject({ kind: 'isakmpRejected' });
    expect(decryptor.open(message)).toMatchObject({ isAuthentic: true });
  }
  const bad = sealed.sealed({ exchangeType: 5, messageId: 9 }, [{ type: 'HASH', data: new Uint8Array(32) }, inform]);
  expect(decryptor.open(bad)).toMatchObject({ kind: 'isakmpRejected', why: 'no payloads and HASH come of any IV' });
});

test('fragments in any order are a message with a header of its own', () => {
  const { sa, clear, phase1 } = conversation(['3des', 'sha1']);
  const decryptor = new IsakmpDecryptor(() => [sa]);
  const [first, second] = [must(phase1[0]), must(phase1[1])];
  for (const message of clear) decryptor.open(message);
  const sealed = new SealedIsakmp(sa);
  const pieces = [0, 1, 2].map(i => {
    const data = first.slice(i * 30, i === 2 ? first.length : (i + 1) * 30);
    return sealed.clear({ isEncrypted: true }, [{ type: 'FRAG', fragmentId: 1, number: i + 1, isLast: i === 2, data }]);
  });
  const answers = pieces.toReversed().map(piece => decryptor.open(piece));
  expect(answers.map(answer => answer?.kind)).toEqual(['isakmpFragment', 'isakmpFragment', 'isakmpOpened']);
  expect(answers[2]).toMatchObject({ payloads: identity });
  expect(decryptor.open(second)).toMatchObject({ payloads: identity });
});

/** strongSwan's words for a payload. */
function word(payload: IsakmpPayload): string {
  const words: Partial<Record<IsakmpPayload['type'], string>> = { NONCE: 'No', VID: 'V', NATD: 'NAT-D' };
  if (payload.type === 'ATTR') return ['', 'CPRQ', 'CPRP', 'CPS', 'CPA'][payload.cfgType] ?? '';
  return words[payload.type] ?? payload.type;
}

/** Without what is in brackets. */
const plain = (said: string): string => said.replaceAll(/\([^)]*\)/g, '');

/** Blowfish and CAST where Node has OpenSSL's legacy provider. */
const TRANSCRIPTS = isakmpTranscripts().filter(({ encryption }) => espCipher(encryption) !== null);

test.each(TRANSCRIPTS)('strongSwan: $name', transcript => {
  const { initiatorCookie: initiatorSpi, responderCookie: responderSpi, phase1 } = transcript;
  const keys = isakmpKeysFor(transcript.encryption, transcript.hash, {
    initiatorSpi,
    responderSpi,
    skEi: phase1.ka,
    skEr: phase1.ka,
    skAi: phase1.skeyidA,
    skAr: phase1.skeyidA,
  });
  const decryptor = new IsakmpDecryptor(() => [keys]);
  const inside = messagesOf(transcript).flatMap(octets => {
    const opening = decryptor.open(octets);
    if (opening === null) return [decodeIsakmpMessage(octets).payloads.map(word).join(' ')];
    if (opening.kind !== 'isakmpOpened') return opening.kind === 'isakmpFragment' ? [] : [opening.kind];
    expect(opening.isAuthentic).toBe(opening.header.messageId === 0 ? null : true);
    return [opening.payloads.map(word).join(' ')];
  });
  expect(inside).toEqual(transcript.payloads.map(plain));
});

test('nothing is thrown, whatever comes', () => {
  const { sa, clear, phase1, quick } = conversation(['aes128', 'sha1']);
  const decryptor = new IsakmpDecryptor(() => [sa, { ...sa, encryption: 'aes128gcm16' }, { ...sa, skEi: '00' }]);
  const random = new Prng(2408);
  for (const message of [...clear, ...phase1, ...quick]) {
    for (let i = 0; i < 100; i++) decryptor.open(random.mutate(message));
  }
  expect(decryptor.open(fromHex('00'))).toBeNull();
  expect(decryptor.open(must(phase1[0]))).not.toBeNull();
});
