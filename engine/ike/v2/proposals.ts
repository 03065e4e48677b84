import { encryptionAlgorithm } from '../../crypto/encryption.ts';
import type { ProposalSubstructure, SaPayload } from '../../wire/ike/payload.ts';
import { ProtocolId, TransformType } from '../../wire/ike/registry.ts';
import type { ChildProposalConfig, IkeProposalConfig } from '../config.ts';
import { remembered } from '../../wire/remembered.ts';
import { ADDITIONAL_KEY_EXCHANGES, NONE, transformOf } from './transforms.ts';

/** One proposal as tokens by transform type, each list in order of preference. A type that is missing: none of it. */
export interface Choices {
  readonly protocolId: number;
  readonly byType: ReadonlyMap<number, readonly string[]>;
}

/**
 * What a configuration offers and accepts, in order of preference. Authenticated ciphers and others cannot stand in one
 * proposal (RFC 7296 §3.3): where one names both, two follow from it, first the kind that is named first.
 */
export const ikeChoices = remembered((configs: readonly IkeProposalConfig[]): readonly Choices[] =>
  configs.flatMap(config =>
    byKindOfCipher(config.encryption).map(({ encryption, isAead }) =>
      choices(ProtocolId.IKE, [
        [TransformType.ENCR, encryption],
        [TransformType.PRF, config.prf],
        [TransformType.INTEG, isAead ? [] : config.integrity],
        [TransformType.KE, config.keyExchange],
        ...additional(config.additionalKeyExchanges),
      ]),
    ),
  ),
);

/** The same of Child SAs. `without`: in IKE_AUTH, where keys come of the IKE SA's own exchange (RFC 7296 §1.2). */
export function childChoices(
  configs: readonly ChildProposalConfig[],
  keyExchanges: 'with' | 'without',
): readonly Choices[] {
  return CHILD_CHOICES[keyExchanges](configs);
}

const CHILD_CHOICES = {
  with: remembered((configs: readonly ChildProposalConfig[]) => readChildChoices(configs, 'with')),
  without: remembered((configs: readonly ChildProposalConfig[]) => readChildChoices(configs, 'without')),
};

function readChildChoices(configs: readonly ChildProposalConfig[], keyExchanges: 'with' | 'without'): Choices[] {
  return configs.flatMap(config => {
    const exchanged: TypedTokens[] =
      keyExchanges === 'without'
        ? []
        : [[TransformType.KE, config.keyExchange], ...additional(config.additionalKeyExchanges)];
    const sequence: TypedTokens = [TransformType.ESN, config.esn];
    if (config.protocol === 'ah') {
      return [choices(ProtocolId.AH, [[TransformType.INTEG, config.integrity], ...exchanged, sequence])];
    }
    return byKindOfCipher(config.encryption).map(({ encryption, isAead }) =>
      choices(ProtocolId.ESP, [
        [TransformType.ENCR, encryption],
        [TransformType.INTEG, isAead ? [] : config.integrity],
        ...exchanged,
        sequence,
      ]),
    );
  });
}

/** Key exchange methods that any of these may lead to, most preferred first: the first is the guess of a KE payload. */
export function keyExchangesOf(offers: readonly Choices[]): string[] {
  return [...new Set(offers.flatMap(({ byType }) => byType.get(TransformType.KE) ?? []))].filter(
    token => token !== NONE,
  );
}

/**
 * The SA payload that offers all of it, RFC 7296 §3.3. `spi` is ours: empty in IKE_SA_INIT, 8 octets to rekey an IKE SA, 4
 * for ESP and AH.
 */
export function offer(offers: readonly Choices[], spi: Uint8Array): SaPayload {
  const proposals = offers.map(
    ({ protocolId, byType }, i): ProposalSubstructure => ({
      number: i + 1,
      protocolId,
      spi,
      transforms: [...byType].flatMap(([type, tokens]) => tokens.map(token => transformOf(type, token))),
    }),
  );
  return { type: 'SA', proposals };
}

/** The octets of an SPI of ESP or AH in a proposal. */
export function spiOctets(spi: number): Uint8Array {
  return Uint8Array.of(spi >>> 24, spi >>> 16, spi >>> 8, spi);
}

type TypedTokens = readonly [type: number, tokens: readonly string[]];

/** Types of which nothing is wanted are left out, RFC 7296 §3.3.6. */
function choices(protocolId: number, all: readonly TypedTokens[]): Choices {
  return { protocolId, byType: new Map(all.filter(([, tokens]) => tokens.length > 0)) };
}

function additional(lists: readonly (readonly string[])[]): TypedTokens[] {
  return lists.map((tokens, i) => {
    const type = ADDITIONAL_KEY_EXCHANGES[i];
    if (type === undefined) throw new Error(`${lists.length} additional key exchanges: RFC 9370 has 7`);
    return [type, tokens];
  });
}

function byKindOfCipher(tokens: readonly string[]): { readonly encryption: string[]; readonly isAead: boolean }[] {
  const kinds = [...new Set(tokens.map(isAeadToken))];
  return kinds.map(isAead => ({ isAead, encryption: tokens.filter(token => isAeadToken(token) === isAead) }));
}

/** Throws for a token that is no encryption algorithm. */
export function isAeadToken(token: string): boolean {
  const algorithm = encryptionAlgorithm(token);
  if (algorithm === null) throw new Error(`unknown encryption algorithm ${token}`);
  return algorithm.aead;
}
