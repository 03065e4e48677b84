import { createHash } from 'node:crypto';

/**
 * Signatures that were verified and good, so that the certificates between a peer and its anchor cost nothing the next time. A
 * bad one leaves no trace, and the oldest makes room: a stranger who varies what he sends fills nothing.
 */
export class VerifiedSignatures {
  readonly #capacity: number;
  readonly #keys = new Set<string>();

  constructor(capacity = 1024) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** The answer of `verify`, asked once for each good signature (key, algorithm, data, signature) while it is remembered. */
  isGood(parts: readonly Uint8Array[], verify: () => boolean): boolean {
    const key = keyOf(parts);
    if (this.#keys.delete(key)) {
      this.#keys.add(key); // the one used last is forgotten last
      return true;
    }
    if (!verify()) return false;
    const [oldest] = this.#keys;
    if (this.#keys.size >= this.#capacity && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.add(key);
    return true;
  }
}

function keyOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    // Lengths in front: no two lists of parts are the same octets.
    hash.update(Uint8Array.of(part.length >>> 24, part.length >>> 16, part.length >>> 8, part.length));
    hash.update(part);
  }
  return hash.digest('base64');
}
