import { createHash } from 'node:crypto';
import type { Random } from '../../crypto/random.ts';
import type { KeyKind, PrivateKey } from '../../crypto/signature.ts';
import type { Certificate } from '../certificate.ts';
import { generateKeyPair } from '../../crypto/generate-key.ts';
import type { GeneralName } from '../general-name.ts';
import {
  type Authority,
  type CertificateRole,
  type Issued,
  type IssueOrder,
  issueCertificate,
  issueSelfSigned,
  PLAIN_END,
  PLAIN_ORDER,
} from '../issue.ts';
import { parseDistinguishedName } from '../name-text.ts';

/** 2026-01-01 00:00:00 UTC, and a year. */
export const NOW = 1_767_225_600;
export const YEAR = 31_536_000;

/** Octets that depend on the seed alone. */
export function seeded(seed: string): Random {
  let count = 0;
  return {
    bytes(length) {
      const octets = new Uint8Array(length);
      for (let at = 0; at < length; at += 32) {
        const block = createHash('sha256').update(`${seed} ${count++}`).digest();
        octets.set(block.subarray(0, Math.min(32, length - at)), at);
      }
      return octets;
    },
  };
}

export function dn(text: string): Uint8Array {
  const name = parseDistinguishedName(text);
  if (name === null) throw new Error(`no name: ${text}`);
  return name;
}

export const dns = (text: string): GeneralName => ({ kind: 'dns', text });
export const END: CertificateRole = PLAIN_END;
export const CA: CertificateRole = { kind: 'ca', pathLength: null, nameConstraints: null };

/** A year from an hour ago, unless said otherwise. */
export function order(subject: string, role: CertificateRole, more: Partial<IssueOrder> = {}): IssueOrder {
  return { ...PLAIN_ORDER, subject: dn(subject), role, notBefore: NOW - 3600, notAfter: NOW + YEAR, ...more };
}

export function issued(result: Issued): Certificate {
  if (result.kind === 'refused') throw new Error(`refused: ${result.why}`);
  return result.certificate;
}

export interface Holder extends Authority {
  readonly key: PrivateKey;
}

export function root(subject: string, more: Partial<IssueOrder> = {}, kind: KeyKind = 'ecdsa256'): Holder {
  const random = seeded(subject);
  const key = generateKeyPair(kind, random);
  const life = { notBefore: NOW - YEAR, notAfter: NOW + 10 * YEAR };
  return { key, certificate: issued(issueSelfSigned(order(subject, CA, { ...life, ...more }), key, random)) };
}

export function below(
  ca: Authority,
  subject: string,
  more: Partial<IssueOrder> = {},
  kind: KeyKind = 'ecdsa256',
): Holder {
  const random = seeded(`${subject} below`);
  const key = generateKeyPair(kind, random);
  return { key, certificate: issued(issueCertificate(order(subject, END, more), key.public.spki, ca, random)) };
}
