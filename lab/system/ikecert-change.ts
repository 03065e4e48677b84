import { createPrivateKey } from 'node:crypto';
import { formatPem, parsePem, parsePrivateKey } from '../../engine/crypto/pem.ts';
import { type PrivateKey, privateKey } from '../../engine/crypto/signature.ts';
import { parseCertificate } from '../../engine/pki/certificate.ts';
import { parseCertificateList } from '../../engine/pki/crl.ts';
import { octetsEqual } from '../../engine/wire/octets.ts';
import {
  addSlot,
  certificatesLike,
  certificatesOf,
  crlsOf,
  type Database,
  privateKeysOf,
  removeSlot,
  rootFirst,
  type Slot,
  slotNumber,
} from './certificate-store.ts';
import { complain, done, say, stepPlan, wrong } from './effect.ts';
import { fileErrorText } from './files.ts';
import { nothingLike } from './ikecert-list.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';

const LABELS: Readonly<Record<Database, string>> = {
  certlocal: 'PRIVATE KEY',
  certdb: 'X509 CERTIFICATE',
  certrldb: 'X509 CRL',
};

/** `ikecert … -a`: from standard input, PEM or DER. */
export const addToDatabase = (database: Database): SystemPlan => ({
  kind: 'reads',
  stepFor: input => (system, view) => add(system, view, database, input),
});

/** `ikecert … -e which`: PEM on standard output. */
export function exportFromDatabase(database: Database, pattern: string | null): SystemPlan {
  if (pattern === null) return wrong(`usage: ikecert ${database} -e <${database === 'certdb' ? 'cert' : 'slot'}>`);
  return stepPlan(system => {
    const found = slotsLike(system, database, pattern);
    if (found.length === 0) return complain(system, nothingLike(system, database, pattern));
    return say(system, found.map(({ content }) => formatPem({ label: LABELS[database], der: content })).join(''));
  });
}

/** `ikecert … -r which`. */
export function removeFromDatabase(database: Database, pattern: string | null): SystemPlan {
  if (pattern === null) return wrong(`usage: ikecert ${database} -r <${database === 'certdb' ? 'cert' : 'slot'}>`);
  return stepPlan(system => {
    const found = slotsLike(system, database, pattern);
    if (found.length === 0) return complain(system, nothingLike(system, database, pattern));
    let { files } = system;
    for (const { slot } of found) {
      const change = removeSlot(files, database, slot);
      if (change.kind === 'failed') return complain(system, `ikecert: ${fileErrorText(change.error)}`);
      files = change.files;
    }
    return done({ ...system, files });
  });
}

function slotsLike({ files }: System, database: Database, pattern: string): Slot<Uint8Array>[] {
  if (database === 'certdb') {
    return certificatesLike(certificatesOf(files), pattern).map(({ slot, content }) => ({
      slot,
      content: content.der,
    }));
  }
  const number = slotNumber(pattern);
  const all =
    database === 'certlocal'
      ? privateKeysOf(files).map(({ slot, content }) => ({ slot, content: content.pkcs8 }))
      : crlsOf(files).map(({ slot, content }) => ({ slot, content: content.der }));
  return all.filter(({ slot }) => slot === number);
}

function add(system: System, view: SystemView, database: Database, input: Uint8Array): SystemEffect {
  switch (database) {
    case 'certlocal':
      return addKey(system, view, input);
    case 'certdb':
      return addCertificates(system, view, input);
    case 'certrldb': {
      const crls = blocksOf(input, /CRL$/).map(der => parseCertificateList(der)?.der ?? null);
      return keep(system, view, 'certrldb', crls, 'a CRL');
    }
  }
}

function addKey(system: System, view: SystemView, input: Uint8Array): SystemEffect {
  const key = privateKeyIn(input);
  if (key === null) return complain(system, notRead('a private key'));
  if (privateKeysOf(system.files).some(({ content }) => octetsEqual(content.public.spki, key.public.spki))) {
    return complain(system, 'ikecert: certlocal: this key is there already');
  }
  return keep(system, view, 'certlocal', [key.pkcs8], 'a private key');
}

function addCertificates(system: System, view: SystemView, input: Uint8Array): SystemEffect {
  const found = blocksOf(input, /CERTIFICATE$/).map(der => parseCertificate(der));
  const known = certificatesOf(system.files);
  const twin = found.find(each => each !== null && known.some(({ content }) => octetsEqual(content.der, each.der)));
  if (twin !== undefined && twin !== null) {
    return complain(system, `ikecert: certdb: the certificate of <${rootFirst(twin.subject)}> is there already`);
  }
  return keep(
    system,
    view,
    'certdb',
    found.map(each => each?.der ?? null),
    'a certificate',
  );
}

/** All of them or none. */
function keep(
  system: System,
  { unixSeconds }: SystemView,
  database: Database,
  contents: readonly (Uint8Array | null)[],
  what: string,
): SystemEffect {
  if (contents.length === 0 || contents.includes(null)) return complain(system, notRead(what));
  let { files } = system;
  for (const der of contents) {
    if (der === null) continue;
    const change = addSlot(files, database, { label: LABELS[database], der: new Uint8Array(der) }, unixSeconds);
    if (change.kind === 'failed') return complain(system, `ikecert: ${fileErrorText(change.error)}`);
    files = change.files;
  }
  return done({ ...system, files });
}

const notRead = (what: string): readonly string[] => [
  `ikecert: standard input does not hold ${what}`,
  '  fix: PEM with its BEGIN and END lines, or DER; what another ikecert has printed, whole',
];

/** Of PEM those with such a label, with blanks at the ends of lines or not; anything else counts as DER. */
function blocksOf(input: Uint8Array, label: RegExp): readonly Uint8Array[] {
  const text = Buffer.from(input)
    .toString('latin1')
    .replace(/[ \t\r]+$/gm, '');
  if (text.includes('-----BEGIN')) return parsePem(text).flatMap(block => (label.test(block.label) ? [block.der] : []));
  return input.length === 0 ? [] : [input];
}

function privateKeyIn(input: Uint8Array): PrivateKey | null {
  const text = Buffer.from(input)
    .toString('latin1')
    .replace(/[ \t\r]+$/gm, '');
  if (text.includes('-----BEGIN')) return parsePrivateKey(text);
  try {
    const key = createPrivateKey({ key: Buffer.from(input), format: 'der', type: 'pkcs8' });
    return privateKey(Uint8Array.from(key.export({ format: 'der', type: 'pkcs8' })));
  } catch {
    return null; // Node says it by throwing
  }
}
