import type { ProposalSubstructure, TransformSubstructure } from '../../../engine/wire/ike/payload.ts';
import { ProtocolId, TransformType } from '../../../engine/wire/ike/registry.ts';
import { type EspTransform, espTransform } from '../crypto/esp-transform.ts';
import { keyExchange, type TesterKeyExchange } from './key-exchange.ts';

/** A suite of IKE as the tester knows it, with numbers of its own. */
export interface IkeSuite {
  /** `aes256gcm16`, or `aes128-sha256`. */
  readonly protection: string;
  readonly transform: EspTransform;
  /** A hash of node:crypto; the tester has no PRFs but HMAC. */
  readonly prf: string;
  readonly exchange: TesterKeyExchange;
  readonly transforms: readonly TransformSubstructure[];
}

/** `aes256gcm16-prfsha384-x25519` or `aes128-sha256-prfsha256-modp2048`. Throws for what the tester does not have. */
export function ikeSuite(text: string): IkeSuite {
  const parts = text.split('-');
  const prf = /^prf(sha\d+)$/.exec(parts.at(-2) ?? '')?.[1];
  const method = parts.at(-1) ?? '';
  const protection = parts.slice(0, -2).join('-');
  const transform = espTransform(protection);
  if (prf === undefined || transform === null) throw new Error(`the tester has no suite ${text}`);
  const exchange = keyExchange(method);
  const prfId = PRFS[prf];
  if (prfId === undefined) throw new Error(`the tester has no PRF ${prf}`);
  return {
    protection,
    transform,
    prf,
    exchange,
    transforms: [
      ...protectionTransforms(protection),
      plain(TransformType.PRF, prfId),
      plain(TransformType.KE, exchange.group),
    ],
  };
}

/** A proposal for an IKE SA; an SPI only to rekey one. */
export function ikeProposal(suite: IkeSuite, spi: Uint8Array = new Uint8Array(0), number = 1): ProposalSubstructure {
  return { number, protocolId: ProtocolId.IKE, spi, transforms: suite.transforms };
}

/** A proposal for a pair of ESP SAs of that suite; `group`: with a key exchange of their own. */
export function espProposal(
  suite: string,
  spi: Uint8Array,
  group: number | null = null,
  esn = false,
): ProposalSubstructure {
  const transforms = [
    ...protectionTransforms(suite),
    ...(group === null ? [] : [plain(TransformType.KE, group)]),
    plain(TransformType.ESN, esn ? 1 : 0),
  ];
  return { number: 1, protocolId: ProtocolId.ESP, spi, transforms };
}

export const plain = (type: number, id: number, keyBits: number | null = null): TransformSubstructure => ({
  type,
  id,
  keyBits,
  otherAttributes: [],
});

function protectionTransforms(protection: string): TransformSubstructure[] {
  const [encryption = '', integrity] = protection.split('-');
  const [, bits] = /^(?:aes|camellia)(128|192|256)/.exec(encryption) ?? [];
  const id = ENCRYPTIONS.find(([pattern]) => pattern.test(encryption))?.[1];
  const integrityId = integrity === undefined ? null : INTEGRITIES[integrity];
  if (id === undefined || integrityId === undefined) throw new Error(`the tester has no numbers for ${protection}`);
  return [
    plain(TransformType.ENCR, id, bits === undefined ? null : Number(bits)),
    ...(integrityId === null ? [] : [plain(TransformType.INTEG, integrityId)]),
  ];
}

const ENCRYPTIONS: readonly (readonly [RegExp, number])[] = [
  [/^3des$/, 3],
  [/^aes\d{3}$/, 12],
  [/^aes\d{3}ctr$/, 13],
  [/^aes\d{3}ccm8$/, 14],
  [/^aes\d{3}ccm12$/, 15],
  [/^aes\d{3}ccm16$/, 16],
  [/^aes\d{3}gcm8$/, 18],
  [/^aes\d{3}gcm12$/, 19],
  [/^aes\d{3}gcm16$/, 20],
  [/^camellia\d{3}$/, 23],
  [/^chacha20poly1305$/, 28],
];

const INTEGRITIES: Readonly<Record<string, number>> = {
  md5: 1,
  sha1: 2,
  aesxcbc: 5,
  aescmac: 8,
  sha256: 12,
  sha384: 13,
  sha512: 14,
};

const PRFS: Readonly<Record<string, number>> = { sha1: 2, sha256: 5, sha384: 6, sha512: 7 };
