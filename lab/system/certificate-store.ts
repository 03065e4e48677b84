import { createHash } from 'node:crypto';
import { type KnownCertificate, parseSelector, selects } from '../../engine/config/certificate-selector.ts';
import { formatPem, parsePem, parsePrivateKey } from '../../engine/crypto/pem.ts';
import { type PrivateKey, publicKey } from '../../engine/crypto/signature.ts';
import { type Certificate, parseCertificate } from '../../engine/pki/certificate.ts';
import { type CertificateList, parseCertificateList } from '../../engine/pki/crl.ts';
import type { GeneralName } from '../../engine/pki/general-name.ts';
import { formatDistinguishedName } from '../../engine/pki/name-text.ts';
import { formatAddress } from '../../engine/wire/address.ts';
import { octetsEqual } from '../../engine/wire/octets.ts';
import { type Files, type FilesChange, namesIn, readText, removePath, writeFile } from './files.ts';
import { IKE_CRLS, IKE_PRIVATE_KEYS, IKE_PUBLIC_KEYS } from './service-files.ts';

/** The databases of ikecert are directories of files, one a slot, called by its number. What is none of its kind is passed over. */
export interface Slot<T> {
  readonly slot: number;
  readonly content: T;
}

export type Database = 'certlocal' | 'certdb' | 'certrldb';

const DIRECTORIES: Readonly<Record<Database, string>> = {
  certlocal: IKE_PRIVATE_KEYS,
  certdb: IKE_PUBLIC_KEYS,
  certrldb: IKE_CRLS,
};

export const privateKeysOf = (files: Files): Slot<PrivateKey>[] => slotsOf(files, 'certlocal', parsePrivateKey);

export const certificatesOf = (files: Files): Slot<Certificate>[] =>
  slotsOf(files, 'certdb', text => parseCertificate(firstBlock(text)));

export const crlsOf = (files: Files): Slot<CertificateList>[] =>
  slotsOf(files, 'certrldb', text => parseCertificateList(firstBlock(text)));

/** In the first free slot. */
export function addSlot(
  files: Files,
  database: Database,
  block: { readonly label: string; readonly der: Uint8Array },
  unixSeconds: number,
): FilesChange & { readonly slot: number } {
  const directory = DIRECTORIES[database];
  let slot = 0;
  while (files.has(`${directory}/${slot}`)) slot += 1;
  return { ...writeFile(files, `${directory}/${slot}`, Buffer.from(formatPem(block)), unixSeconds), slot };
}

export const removeSlot = (files: Files, database: Database, slot: number): FilesChange =>
  removePath(files, `${DIRECTORIES[database]}/${slot}`, { withContent: false });

/** The slot of the private key that a certificate is about; null: somebody else's. */
export function keySlotOf(keys: readonly Slot<PrivateKey>[], spki: Uint8Array): number | null {
  return keys.find(({ content }) => octetsEqual(content.public.spki, spki))?.slot ?? null;
}

/** As the selectors of ike/config see it; its name is that of its file. */
export function knownCertificate({ slot, content }: Slot<Certificate>): KnownCertificate {
  return { ...namesOf(content), name: String(slot), slot };
}

/** What a certificate itself says of names. */
export function namesOf({
  subject,
  issuer,
  extensions,
}: Certificate): Pick<KnownCertificate, 'subject' | 'issuer' | 'names'> {
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    names: extensions.subjectAltNames.flatMap(identityTexts),
  };
}

/** The slots that a user means: a number, `SLOT=2`, a distinguished name from its root, or another name of the certificate. */
export function certificatesLike(slots: readonly Slot<Certificate>[], pattern: string): Slot<Certificate>[] {
  const number = slotNumber(pattern);
  if (number !== null) return slots.filter(({ slot }) => slot === number);
  const selector = parseSelector(pattern, { line: 1, column: 1 });
  return selector === null ? [] : slots.filter(each => selects(selector, knownCertificate(each)));
}

/** null: it is no number of a slot. */
export function slotNumber(pattern: string): number | null {
  const digits = /^(?:SLOT=)?(\d{1,6})$/i.exec(pattern)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** `C=US, O=Lab, CN=alice`: from the root, as ikecert writes names. */
export function rootFirst(name: Uint8Array): string {
  const leafFirst = formatDistinguishedName(name);
  if (leafFirst === null) return '';
  const parts = leafFirst.match(/(?:\\.|[^\\,])+/g) ?? [];
  return parts.reverse().join(', ');
}

/** MD5 of the key, by which ikecert tells keys apart: a name, which nobody relies on. */
export const keyHash = (spki: Uint8Array): string => createHash('md5').update(spki).digest('hex').toUpperCase();

/** Bits of its key; null: of a kind that is not known. */
export const keyBits = (spki: Uint8Array): number | null => publicKey(spki)?.bits ?? null;

function slotsOf<T>(files: Files, database: Database, read: (text: string) => T | null): Slot<T>[] {
  const directory = DIRECTORIES[database];
  const numbers = namesIn(files, directory).filter(name => /^\d{1,6}$/.test(name));
  return numbers
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap(slot => {
      const content = read(readText(files, `${directory}/${slot}`) ?? '');
      return content === null ? [] : [{ slot, content }];
    });
}

const firstBlock = (text: string): Uint8Array => parsePem(text)[0]?.der ?? new Uint8Array();

const nameOf = (der: Uint8Array): string => formatDistinguishedName(der) ?? '';

function identityTexts(name: GeneralName): string[] {
  switch (name.kind) {
    case 'email':
      return [`email:${name.text}`, name.text];
    case 'dns':
      return [`fqdn:${name.text}`, name.text];
    case 'ip':
      return [
        formatAddress(name.octets),
        `${name.octets.length === 4 ? 'ipv4' : 'ipv6'}:${formatAddress(name.octets)}`,
      ];
    case 'directory':
      return [nameOf(name.name)];
    case 'uri':
    case 'other':
      return [];
  }
}
