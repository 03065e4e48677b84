import { readPskFile } from '../../engine/config/psk-file.ts';
import { racoonPaths, readRacoon } from '../../engine/config/racoon.ts';
import { keyFileName } from '../../engine/config/racoon-values.ts';
import { parsePem, parsePrivateKey } from '../../engine/crypto/pem.ts';
import { parseCertificate } from '../../engine/pki/certificate.ts';
import { parseCertificateList } from '../../engine/pki/crl.ts';
import { absolutePath, type Files, namesIn, readText } from './files.ts';
import { credentialsOf, type NodeCredentials } from './ike-credentials.ts';
import type { KeyFilesReading } from './key-daemon.ts';
import { RACOON_CERTIFICATES, RACOON_SECRETS } from './service-files.ts';

/** All algorithms that racoon has: whoever follows old instructions gets what they ask for, and hears that it is weak. */
const RULES = { legacy: true } as const;

/** What racoon finds in its files; `path`: of its racoon.conf, which says where the others are. */
export function readRacoonFiles(files: Files, path: string): KeyFilesReading {
  const text = readText(files, path);
  if (text === null) return { kind: 'missing' };
  const secretsPath = racoonFolders(files, path).secrets;
  const { secrets, diagnostics: wrongSecrets } = readPskFile(secretsPath, readText(files, secretsPath) ?? '');
  const { stated, diagnostics, notes } = readRacoon(path, text, { ...RULES, secrets: secrets ?? [] });
  if (stated === null || secrets === null) return { kind: 'wrong', diagnostics: [...diagnostics, ...wrongSecrets] };
  return { kind: 'read', rules: stated, secrets, notes };
}

/** Where racoon.conf says that the other files are. */
export function racoonFolders(files: Files, path: string): { readonly certificates: string; readonly secrets: string } {
  const { certificates, secrets } = racoonPaths(readText(files, path) ?? '');
  return {
    certificates: certificates === null ? RACOON_CERTIFICATES : absolutePath(certificates),
    secrets: secrets === null ? RACOON_SECRETS : absolutePath(secrets),
  };
}

/**
 * The certificates, private keys and CRLs of a folder, each called by its file without ending: `alice.pem` and `alice.key` are
 * `alice`. Which key is whose the keys themselves say.
 */
export function racoonCredentials(files: Files, folder: string): NodeCredentials {
  const texts = namesIn(files, folder).flatMap(file => {
    const text = readText(files, `${folder}/${file}`);
    return text === null ? [] : [{ name: keyFileName(file), text }];
  });
  const keys = texts.flatMap(({ text }) => parsePrivateKey(text) ?? []);
  const certificates = texts.flatMap(({ name, text }) =>
    blocksOf(text, /^(X509 |TRUSTED )?CERTIFICATE$/).flatMap((der, i) => {
      const content = parseCertificate(der);
      return content === null ? [] : [{ name: i === 0 ? name : `${name}#${i + 1}`, slot: null, content }];
    }),
  );
  const crls = texts.flatMap(({ text }) =>
    blocksOf(text, /^X509 CRL$/).flatMap(der => parseCertificateList(der) ?? []),
  );
  return credentialsOf(keys, certificates, crls);
}

const blocksOf = (text: string, label: RegExp): Uint8Array[] =>
  parsePem(text).flatMap(block => (label.test(block.label) ? [block.der] : []));
