import type { KeyExchangeAnswer, KeyExchangeMethod, KeyExchangeResult, KeyPair } from './key-exchange.ts';
import type { Random } from './random.ts';

/** A group as the table of key exchanges wants it: both sides do the same, RFC 7296 §1.2. */
export interface DiffieHellmanGroup {
  /** Octets of a public value, which go into the KE payload as they are. */
  readonly publicOctets: number;
  drawPrivate(random: Random): Uint8Array;
  publicOf(secret: Uint8Array): Uint8Array;
  /** The tests of RFC 6989 on a value that is `publicOctets` long: what is wrong with it; null: nothing. Far cheaper than `agree`. */
  faultOf(peer: Uint8Array): string | null;
  /** `peer` has passed them. */
  agree(secret: Uint8Array, peer: Uint8Array): Uint8Array;
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
      return {
        data,
        finish: peer => refusal(group, peer) ?? { kind: 'shared', secret: group.agree(secret, peer) },
      };
    },
    draw,
    respond(initiatorData, random, drawn): KeyExchangeAnswer {
      const invalid = refusal(group, initiatorData);
      if (invalid !== null) return invalid;
      const { secret, data } = drawn ?? draw(random);
      let shared: Uint8Array | null = null;
      return {
        kind: 'shared',
        data,
        get secret() {
          return (shared ??= group.agree(secret, initiatorData));
        },
      };
    },
  };
}

type Invalid = Extract<KeyExchangeResult, { kind: 'invalid' }>;

export function wrongLength(data: Uint8Array, octets: number): Invalid {
  return { kind: 'invalid', why: `${data.length} octets instead of ${octets}` };
}

function refusal(group: DiffieHellmanGroup, peer: Uint8Array): Invalid | null {
  if (peer.length !== group.publicOctets) return wrongLength(peer, group.publicOctets);
  const why = group.faultOf(peer);
  return why === null ? null : { kind: 'invalid', why };
}
