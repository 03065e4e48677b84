import { type Certificate, parseCertificate } from './certificate.ts';

/**
 * Certificates of peers that were believed, so that theirs are read once and not at each of their connections: to read a key takes
 * longer than to verify its signature. What a stranger sends is not kept; the one used longest ago makes room.
 */
export class KnownCertificates {
  readonly #capacity: number;
  readonly #byDer = new Map<string, Certificate>();

  constructor(capacity = 1024) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#byDer.size;
  }

  /** As `parseCertificate` reads it, of a copy of `der`. */
  read(der: Uint8Array): Certificate | null {
    return this.#byDer.get(textOf(der)) ?? parseCertificate(Uint8Array.from(der));
  }

  /** Its holder has proven to be whom it names, and somebody who is trusted stands behind it. */
  keep(certificate: Certificate): void {
    const text = textOf(certificate.der);
    this.#byDer.delete(text);
    const [oldest] = this.#byDer.keys();
    if (this.#byDer.size >= this.#capacity && oldest !== undefined) this.#byDer.delete(oldest);
    this.#byDer.set(text, certificate);
  }
}

/** One character an octet. */
function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
