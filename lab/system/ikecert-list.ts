import { publicKey } from '../../engine/crypto/signature.ts';
import { schemeOf, schemeToken } from '../../engine/crypto/signature-scheme.ts';
import { type Certificate, serialText } from '../../engine/pki/certificate.ts';
import { readableTime } from '../../engine/wire/der-time.ts';
import { octetsEqual } from '../../engine/wire/octets.ts';
import {
  certificatesLike,
  certificatesOf,
  crlsOf,
  type Database,
  keyBits,
  keyHash,
  keySlotOf,
  privateKeysOf,
  rootFirst,
  type Slot,
  slotNumber,
} from './certificate-store.ts';
import { complain, say, stepPlan } from './effect.ts';
import type { System, SystemPlan } from './system.ts';

/** `ikecert … -l [-v] [which]`. */
export function listDatabase(
  database: Database,
  pattern: string | null,
  how: { readonly isVerbose: boolean },
): SystemPlan {
  return stepPlan(system => {
    const blocks = blocksOf(system, database, pattern, how);
    if (blocks.length > 0) return say(system, blocks.join('\n'));
    if (pattern !== null) return complain(system, nothingLike(system, database, pattern));
    const what = { certlocal: 'private keys', certdb: 'certificates', certrldb: 'CRLs' }[database];
    return complain(system, `No ${what} in the database.`, 0);
  });
}

/** Why nothing was found, and what there is. */
export function nothingLike({ files }: System, database: Database, pattern: string): readonly string[] {
  const slots = { certlocal: privateKeysOf, certdb: certificatesOf, certrldb: crlsOf }[database](files);
  const known = slots.length === 0 ? 'it is empty' : `there are the slots ${slots.map(({ slot }) => slot).join(', ')}`;
  return [`ikecert: ${database}: nothing is like '${pattern}'`, `  ${known}: ikecert ${database} -l`];
}

function blocksOf(
  { files }: System,
  database: Database,
  pattern: string | null,
  { isVerbose }: { readonly isVerbose: boolean },
): readonly string[] {
  const keys = privateKeysOf(files);
  if (database === 'certdb') {
    const all = certificatesOf(files);
    const shown = pattern === null ? all : certificatesLike(all, pattern);
    return shown.map(slot => certificateText(slot, keySlotOf(keys, slot.content.spki), isVerbose));
  }
  const only = pattern === null ? null : slotNumber(pattern);
  const isShown = ({ slot }: Slot<unknown>) => pattern === null || slot === only;
  if (database === 'certlocal') {
    const certificates = certificatesOf(files);
    return keys.filter(isShown).map(({ slot, content: { public: key } }) => {
      const own = certificates.find(({ content }) => octetsEqual(content.spki, key.spki));
      return lines(`Local ID Slot Name: ${slot}   Key Type: ${key.algorithm}`, [
        ...(own === undefined ? [] : [`Subject Name: <${rootFirst(own.content.subject)}>`]),
        `Key Size: ${key.bits}`,
        `Public key hash: ${keyHash(key.spki)}`,
      ]);
    });
  }
  return crlsOf(files)
    .filter(isShown)
    .map(({ slot, content }) =>
      lines(`CRL Slot Name: ${slot}`, [
        `Issuer: <${rootFirst(content.issuer)}>`,
        `This update: ${readableTime(content.thisUpdate)}`,
        ...(content.nextUpdate === null ? [] : [`Next update: ${readableTime(content.nextUpdate)}`]),
      ]),
    );
}

function certificateText({ slot, content }: Slot<Certificate>, keySlot: number | null, isVerbose: boolean): string {
  const scheme = schemeOf(content.signatureAlgorithm);
  const type = publicKey(content.spki)?.algorithm ?? 'unknown';
  const details = [
    `Issuer Name: <${rootFirst(content.issuer)}>`,
    `Serial number: ${serialText(content.serial)}`,
    `Validity: ${readableTime(content.notBefore)} to ${readableTime(content.notAfter)}`,
    `Signature: ${scheme === null ? 'unknown' : schemeToken(scheme)}`,
  ];
  return lines(`Certificate Slot Name: ${slot}   Key Type: ${type}`, [
    ...(keySlot === null ? [] : [`(Private key in certlocal slot ${keySlot})`]),
    `Subject Name: <${rootFirst(content.subject)}>`,
    ...(isVerbose ? details : []),
    `Key Size: ${keyBits(content.spki) ?? '?'}`,
    `Public key hash: ${keyHash(content.spki)}`,
  ]);
}

const lines = (heading: string, rest: readonly string[]): string =>
  [heading, ...rest.map(line => `\t${line}`)].map(line => `${line}\n`).join('');
