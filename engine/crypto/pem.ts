import { createPrivateKey } from 'node:crypto';
import { type PrivateKey, privateKeyOf, type PublicKey, publicKey } from './signature.ts';

/** One block of a PEM file, RFC 7468: `CERTIFICATE`, `PRIVATE KEY`, `PUBLIC KEY`, `X509 CRL`, `CERTIFICATE REQUEST`. */
export interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array;
}

/** With lines of 64 characters and a line break at the end, RFC 7468 §2. */
export function formatPem({ label, der }: PemBlock): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * All blocks of a text, in order. What is around them is for people, and skipped; a block that is not Base64 or has no end
 * is left out.
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label = '', body = ''] of text.matchAll(BLOCK)) {
    const base64 = body.replaceAll(/\s/g, '');
    if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) continue;
    blocks.push({ label, der: Uint8Array.from(Buffer.from(base64, 'base64')) });
  }
  return blocks;
}

/** Not encrypted: the file that it goes to has to be kept, mode 0600. */
export function formatPrivateKey(key: PrivateKey): string {
  return formatPem({ label: 'PRIVATE KEY', der: key.pkcs8 });
}

export function formatPublicKey(key: PublicKey): string {
  return formatPem({ label: 'PUBLIC KEY', der: key.spki });
}

/** The first private key of a text: PKCS#8, and what openssl wrote before (PKCS#1, SEC 1); null: none, or encrypted. */
export function parsePrivateKey(text: string): PrivateKey | null {
  for (const { label, der } of parsePem(text)) {
    if (!/^(?:(?:RSA|EC) )?PRIVATE KEY$/.test(label)) continue;
    try {
      return privateKeyOf(createPrivateKey(formatPem({ label, der })));
    } catch {
      return null; // Node says it by throwing
    }
  }
  return null;
}

/** The first SubjectPublicKeyInfo of a text. */
export function parsePublicKey(text: string): PublicKey | null {
  const block = parsePem(text).find(({ label }) => label === 'PUBLIC KEY');
  return block === undefined ? null : publicKey(block.der);
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----/g;
