import { createHmac } from 'node:crypto';
import type { Random } from '../../crypto/random.ts';
import type { Address } from '../../wire/address.ts';
import { ikeSpiOctets } from '../../wire/ike/header.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';

/** Who asks for a cookie, or brings it back: all that a cookie rests on. */
export interface CookieOwner {
  readonly initiatorNonce: Uint8Array;
  readonly address: Address;
  readonly initiatorSpi: IkeSpi;
}

/**
 * Cookies without state, RFC 7296 §2.6: Cookie = <VersionIDofSecret> | HMAC-SHA2-256(secret, Ni | IPi | SPIi). The secret
 * changes while cookies are given out, and the one before it is honoured once more as long.
 */
export class Cookies {
  readonly #random: Random;
  #current: Secret | null = null;
  #previous: Secret | null = null;
  #version = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  make(owner: CookieOwner, now: Instant): Uint8Array {
    if (this.#current === null || now - this.#current.madeAt >= SECRET_NS) {
      this.#previous = this.#current;
      this.#version = (this.#version + 1) & 0xff;
      this.#current = { version: this.#version, octets: this.#random.bytes(32), madeAt: now };
    }
    return cookieBy(this.#current, owner);
  }

  /** Those that this owner may bring back now: none, one or two. */
  valid(owner: CookieOwner, now: Instant): Uint8Array[] {
    return [this.#current, this.#previous].flatMap(secret =>
      secret !== null && now - secret.madeAt < 2 * SECRET_NS ? [cookieBy(secret, owner)] : [],
    );
  }
}

interface Secret {
  readonly version: number;
  readonly octets: Uint8Array;
  readonly madeAt: Instant;
}

/** How long a secret is used for new cookies. */
const SECRET_NS = 60 * NS_PER_S;

function cookieBy({ version, octets }: Secret, { initiatorNonce, address, initiatorSpi }: CookieOwner): Uint8Array {
  const mac = createHmac('sha256', octets);
  mac.update(initiatorNonce).update(address).update(ikeSpiOctets(initiatorSpi));
  return Buffer.concat([Uint8Array.of(version), mac.digest()]);
}
