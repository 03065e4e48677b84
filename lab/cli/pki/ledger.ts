import { type Certificate, serialText } from '../../../engine/pki/certificate.ts';
import type { Revocation } from '../../../engine/pki/crl.ts';
import { formatDistinguishedName } from '../../../engine/pki/name-text.ts';
import { badInput } from '../../state/failure.ts';
import { Kind, type Store } from './store.ts';

/** What a CA remembers: without it nothing can be revoked, and OCSP knows nobody. Plain JSON in a file beside its certificate. */
export interface Ledger {
  /** Of the last CRL; 0: none yet. */
  readonly crlNumber: number;
  /** In the order in which they were issued. */
  readonly issued: readonly LedgerEntry[];
}

export interface LedgerEntry {
  readonly name: string;
  /** By `serialText`. */
  readonly serial: string;
  readonly subject: string;
  /** Seconds since the Unix epoch. */
  readonly notAfter: number;
  readonly revoked: Revocation | null;
}

const EMPTY: Ledger = { crlNumber: 0, issued: [] };

export function readLedger(store: Store, ca: string): Ledger {
  const text = store.read(ca, Kind.LEDGER);
  if (text === null) return EMPTY;
  try {
    const value: unknown = JSON.parse(text);
    if (isLedger(value)) return value;
  } catch {
    // Not JSON: said below, as for anything else that is no ledger.
  }
  throw badInput(`${store.fileOf(ca, Kind.LEDGER)} is damaged`, 'restore it, or remove it and lose who was revoked');
}

export function writeLedger(store: Store, ca: string, ledger: Ledger): void {
  store.write([{ name: ca, kind: Kind.LEDGER, text: `${JSON.stringify(ledger, null, 2)}\n` }], true);
}

export function withIssued(ledger: Ledger, name: string, certificate: Certificate): Ledger {
  const entry: LedgerEntry = {
    name,
    serial: serialText(certificate.serial),
    subject: formatDistinguishedName(certificate.subject) ?? '',
    notAfter: certificate.notAfter,
    revoked: null,
  };
  return { ...ledger, issued: [...ledger.issued, entry] };
}

/** Content octets of the INTEGER that a serial number's text stands for. */
export function serialOctets(text: string): Uint8Array {
  const octets = Buffer.from(text, 'hex');
  return (octets[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets;
}

function isLedger(value: unknown): value is Ledger {
  if (typeof value !== 'object' || value === null || !('crlNumber' in value) || !('issued' in value)) return false;
  return typeof value.crlNumber === 'number' && Array.isArray(value.issued) && value.issued.every(isEntry);
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null) return false;
  const has = (key: string, type: string) => typeof Object.entries(value).find(([name]) => name === key)?.[1] === type;
  return (
    has('name', 'string') &&
    has('serial', 'string') &&
    has('subject', 'string') &&
    has('notAfter', 'number') &&
    'revoked' in value
  );
}
