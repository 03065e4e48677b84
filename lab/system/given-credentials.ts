import { formatPem } from '../../engine/crypto/pem.ts';
import type { CredentialsConfig } from '../../engine/ike/config.ts';
import { IKE_CRLS, IKE_PRIVATE_KEYS, IKE_PUBLIC_KEYS } from './service-files.ts';

/** The databases of ikecert that hold what a node was given: each of its keys and certificates, by absolute path. */
export function credentialFiles({ keys, anchors, peers, crls }: CredentialsConfig): [string, Uint8Array][] {
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

function slots(directory: string, label: string, contents: readonly string[]): [string, Uint8Array][] {
  return contents.map((hex, slot) => [
    `${directory}/${slot}`,
    Buffer.from(formatPem({ label, der: Buffer.from(hex, 'hex') })),
  ]);
}
