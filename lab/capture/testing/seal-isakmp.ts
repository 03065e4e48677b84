import { createHash, createHmac } from 'node:crypto';
import { encodeIsakmpMessage, encodeIsakmpPayloads } from '../../../engine/wire/isakmp/codec.ts';
import type { IsakmpHeader } from '../../../engine/wire/isakmp/message.ts';
import type { IsakmpAttribute, IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../../engine/wire/isakmp/registry.ts';
import { OakleyEncryption, OakleyHash } from '../../../engine/wire/isakmp/registry-attributes.ts';
import { espCipher } from '../crypto/esp-cipher.ts';
import type { IkeSaKeys } from '../key-log.ts';

/** Keys that count up: no secret, and the same in each run. */
export function isakmpKeysFor(encryption: string, hash: string, over: Partial<IkeSaKeys> = {}): IkeSaKeys {
  const key = counting(espCipher(encryption)?.keyOctets ?? 0, 1);
  const skeyidA = counting(createHash(hash).digest().length, 101);
  return {
    version: 1,
    initiatorSpi: '0123456789abcdef',
    responderSpi: 'fedcba9876543210',
    encryption,
    integrity: hash,
    skEi: key,
    skEr: key,
    skAi: skeyidA,
    skAr: skeyidA,
    ...over,
  };
}

const counting = (octets: number, from: number): string =>
  Buffer.from(Array.from({ length: octets }, (_, i) => (from + i) & 255)).toString('hex');

const GX = { initiator: new Uint8Array(128).fill(0x11), responder: new Uint8Array(128).fill(0x22) } as const;
const NONCE: IsakmpPayload = { type: 'NONCE', data: new Uint8Array(16).fill(0x33) };

/** One end's view of both, since they have the same: messages made without the engine, in the order in which they are sent. */
export class SealedIsakmp {
  readonly #sa: IkeSaKeys;
  readonly #ivs = new Map<number, Uint8Array>();
  readonly #blockOctets: number;

  constructor(sa: IkeSaKeys) {
    this.#sa = sa;
    this.#blockOctets = espCipher(sa.encryption)?.blockOctets ?? 0;
    this.#ivs.set(0, this.#hashed(GX.initiator, GX.responder));
  }

  /** The four messages of Main Mode that are in the clear. */
  mainModeInClear(): Uint8Array[] {
    const sa = this.#saPayload();
    return [
      this.clear({ responderCookie: '0000000000000000' }, [sa]),
      this.clear({}, [sa]),
      this.clear({}, [{ type: 'KE', data: GX.initiator }, NONCE]),
      this.clear({}, [{ type: 'KE', data: GX.responder }, NONCE]),
    ];
  }

  clear(over: Partial<IsakmpHeader>, payloads: readonly IsakmpPayload[]): Uint8Array {
    return encodeIsakmpMessage({ ...this.#header(over), payloads, body: null });
  }

  sealed(over: Partial<IsakmpHeader>, payloads: readonly IsakmpPayload[]): Uint8Array {
    const header = this.#header({ isEncrypted: true, ...over });
    const { first, octets } = encodeIsakmpPayloads(payloads);
    const text = Buffer.concat([octets, new Uint8Array(-octets.length & (this.#blockOctets - 1))]);
    const iv = this.#ivs.get(header.messageId) ?? this.#firstIv(header.messageId);
    const key = Buffer.from(this.#sa.skEi, 'hex');
    const body = espCipher(this.#sa.encryption)?.encrypt({ key, salt: NOTHING, iv, aad: NOTHING, text }).ciphertext;
    if (body === undefined) throw new Error(`no cipher ${this.#sa.encryption}`);
    this.#ivs.set(header.messageId, Uint8Array.from(body.subarray(-this.#blockOctets)));
    return encodeIsakmpMessage({ ...header, payloads: [], firstPayload: first, body: new Uint8Array(body) });
  }

  /** With its HASH in front: over `before` and the payloads, RFC 2409 §5.5. */
  hashed(
    exchangeType: number,
    messageId: number,
    payloads: readonly IsakmpPayload[],
    before: readonly Uint8Array[] = [messageIdOf(messageId)],
  ): Uint8Array {
    const covered = Buffer.concat([...before, encodeIsakmpPayloads(payloads).octets]);
    const hash = createHmac(this.#sa.integrity ?? '', Buffer.from(this.#sa.skAi, 'hex'))
      .update(covered)
      .digest();
    return this.sealed({ exchangeType, messageId }, [{ type: 'HASH', data: new Uint8Array(hash) }, ...payloads]);
  }

  /** All three messages, with these client identities. */
  quickMode(messageId: number, ids: readonly IsakmpPayload[] = []): Uint8Array[] {
    const id = messageIdOf(messageId);
    const [ni, nr] = [new Uint8Array(16).fill(0x44), new Uint8Array(16).fill(0x55)];
    const sa: IsakmpPayload = {
      type: 'SA',
      doi: 1,
      situation: 1,
      proposals: [
        {
          number: 1,
          protocolId: 3,
          spi: Uint8Array.of(0, 0, 0x10, 1),
          transforms: [{ number: 1, id: 12, attributes: [{ type: 4, value: 1 }] }],
        },
      ],
    };
    const of = (before: Uint8Array[], payloads: IsakmpPayload[]): Uint8Array =>
      this.hashed(IsakmpExchange.QUICK_MODE, messageId, payloads, before);
    return [
      of([id], [sa, { type: 'NONCE', data: ni }, ...ids]),
      of([id, ni], [sa, { type: 'NONCE', data: nr }, ...ids]),
      of([Uint8Array.of(0), id, ni, nr], []),
    ];
  }

  #header(over: Partial<IsakmpHeader>): IsakmpHeader {
    return {
      initiatorCookie: this.#sa.initiatorSpi,
      responderCookie: this.#sa.responderSpi,
      majorVersion: 1,
      minorVersion: 0,
      exchangeType: IsakmpExchange.IDENTITY_PROTECTION,
      isEncrypted: false,
      isCommit: false,
      isAuthenticationOnly: false,
      messageId: 0,
      ...over,
    };
  }

  #saPayload(): IsakmpPayload {
    const [, family = '', bits] = /^(aes|camellia|3des|des)(\d+)?$/.exec(this.#sa.encryption) ?? [];
    const encryption = ENCRYPTIONS[family] ?? 0;
    const attributes: IsakmpAttribute[] = [
      { type: 1, value: encryption },
      ...(bits === undefined ? [] : [{ type: 14, value: Number(bits) }]),
      { type: 2, value: HASHES[this.#sa.integrity ?? ''] ?? 0 },
      { type: 3, value: 1 },
      { type: 4, value: 2 },
    ];
    const transforms = [{ number: 1, id: 1, attributes }];
    return { type: 'SA', doi: 1, situation: 1, proposals: [{ number: 1, protocolId: 1, spi: NOTHING, transforms }] };
  }

  #firstIv(messageId: number): Uint8Array {
    return this.#hashed(this.#ivs.get(0) ?? NOTHING, messageIdOf(messageId));
  }

  #hashed(...parts: readonly Uint8Array[]): Uint8Array {
    const digest = createHash(this.#sa.integrity ?? '')
      .update(Buffer.concat(parts))
      .digest();
    return Uint8Array.from(digest.subarray(0, this.#blockOctets));
  }
}

const NOTHING = new Uint8Array(0);

const ENCRYPTIONS: Readonly<Record<string, number>> = {
  aes: OakleyEncryption.AES_CBC,
  camellia: OakleyEncryption.CAMELLIA_CBC,
  '3des': OakleyEncryption['3DES_CBC'],
  des: OakleyEncryption.DES_CBC,
};

const HASHES: Readonly<Record<string, number>> = {
  md5: OakleyHash.MD5,
  sha1: OakleyHash.SHA,
  sha256: OakleyHash.SHA2_256,
  sha384: OakleyHash.SHA2_384,
  sha512: OakleyHash.SHA2_512,
};

function messageIdOf(messageId: number): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(messageId);
  return octets;
}
