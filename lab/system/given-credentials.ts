import { formatPem } from '../../engine/crypto/pem.ts';
import type { CredentialsConfig } from '../../engine/ike/config.ts';
import { IKE_CRLS, IKE_PRIVATE_KEYS, IKE_PUBLIC_KEYS, RACOON_CERTIFICATES } from './service-files.ts';

/** The databases of ikecert that hold what a node was given: each of its keys and certificates, by absolute path. */
export function ikecertFiles({ keys, anchors, peers, crls }: CredentialsConfig): [string, Uint8Array][] {
  const certificates = new Set([
    ...keys.flatMap(({ chain }) => chain),
    ...anchors.map(({ certificate }) => certificate),
    ...peers,
  ]);
  return [
    ...slots(
      IKE_PRIVATE_KEYS,
      'PRIVATE KEY',
      keys.map(({ pkcs8 }) => pkcs8),
    ),
    ...slots(IKE_PUBLIC_KEYS, 'X509 CERTIFICATE', [...certificates]),
    ...slots(IKE_CRLS, 'X509 CRL', crls),
  ];
}

/** What a topology calls them, in the order of the credentials. */
export interface CredentialNames {
  readonly keys: readonly string[];
  readonly peers: readonly string[];
}

/** The same as racoon has them: files in its folder, called as the topology calls them. */
export function racoonFiles(given: CredentialsConfig, names: CredentialNames): [string, Uint8Array][] {
  return [
    ...given.keys.flatMap(({ pkcs8, chain }, i) => {
      const name = names.keys[i] ?? `key${i}`;
      return [file(`${name}.pem`, 'CERTIFICATE', chain), file(`${name}.key`, 'PRIVATE KEY', [pkcs8])];
    }),
    ...given.anchors.map(({ name, certificate }) => file(`${name}.pem`, 'CERTIFICATE', [certificate])),
    ...given.peers.map((certificate, i) => file(`${names.peers[i] ?? `peer${i}`}.pem`, 'CERTIFICATE', [certificate])),
    ...given.crls.map((crl, i) => file(`crl.r${i}`, 'X509 CRL', [crl])),
  ];
}

const file = (name: string, label: string, contents: readonly string[]): [string, Uint8Array] => [
  `${RACOON_CERTIFICATES}/${name}`,
  Buffer.from(contents.map(hex => pem(label, hex)).join('')),
];

function slots(directory: string, label: string, contents: readonly string[]): [string, Uint8Array][] {
  return contents.map((hex, slot) => [`${directory}/${slot}`, Buffer.from(pem(label, hex))]);
}

const pem = (label: string, hex: string): string => formatPem({ label, der: Buffer.from(hex, 'hex') });
