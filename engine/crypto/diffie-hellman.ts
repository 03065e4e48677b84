import type { KeyExchangeAnswer, KeyExchangeMethod, KeyExchangeResult, KeyPair } from './key-exchange.ts';
import type { Random } from './random.ts';

/** A group as the table of key exchanges wants it: both sides do the same, RFC 7296 §1.2. */
export interface DiffieHellmanGroup {
  /** Octets of a public value, which go into the KE payload as they are. */
  readonly publicOctets: number;
  drawPrivate(random: Random): Uint8Array;
  publicOf(secret: Uint8Array): Uint8Array;
  /** `peer` is `publicOctets` long. Tests it as RFC 6989 demands. */
  agree(secret: Uint8Array, peer: Uint8Array): KeyExchangeResult;
}

export type KeyExchangeSteps = Pick<
  KeyExchangeMethod,
  'initiatorOctets' | 'responderOctets' | 'begin' | 'draw' | 'respond'
>;

export function diffieHellman(group: DiffieHellmanGroup): KeyExchangeSteps {
  const draw = (random: Random): KeyPair => {
    const secret = group.drawPrivate(random);
    return { secret, data: group.publicOf(secret) };
  };
  return {
    initiatorOctets: group.publicOctets,
    responderOctets: group.publicOctets,
    begin(random) {
      const { secret, data } = draw(random);
      return { data, finish: peer => agreeChecked(group, secret, peer) };
    },
    draw,
    respond(initiatorData, random, drawn): KeyExchangeAnswer {
      const secret = drawn?.secret ?? group.drawPrivate(random);
      const result = agreeChecked(group, secret, initiatorData);
      return result.kind === 'invalid' ? result : { ...result, data: drawn?.data ?? group.publicOf(secret) };
    },
  };
}

export function wrongLength(data: Uint8Array, octets: number): KeyExchangeResult & { readonly kind: 'invalid' } {
  return { kind: 'invalid', why: `${data.length} octets instead of ${octets}` };
}

function agreeChecked(group: DiffieHellmanGroup, secret: Uint8Array, peer: Uint8Array): KeyExchangeResult {
  return peer.length === group.publicOctets ? group.agree(secret, peer) : wrongLength(peer, group.publicOctets);
}
