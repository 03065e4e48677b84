import type { CredentialsConfig } from '../../../../engine/ike/config.ts';
import { keyNickname, peerNickname } from '../../../../engine/config/libreswan-write.ts';

/** Files by path below the daemon's /run, and the shell script that makes its NSS database of them. */
export interface NssSetup {
  readonly files: Readonly<Record<string, string>>;
  readonly script: string;
}

const DATABASE = 'sql:/run/nss';

/** NSS has keys from PKCS #12 alone; what it needs no password for, it is given the empty one. */
export function nssSetup({ keys, anchors, peers, crls }: CredentialsConfig): NssSetup {
  const files: Record<string, string> = {};
  const lines = ['set -e', 'mkdir /run/nss', `certutil -N -d ${DATABASE} --empty-password`];
  const add = (nickname: string, trust: string, certificate: string) => {
    files[`certificates/${nickname}.pem`] = pem('CERTIFICATE', certificate);
    lines.push(`certutil -A -a -n ${nickname} -t ${trust} -d ${DATABASE} -i /run/certificates/${nickname}.pem`);
  };
  for (const [index, { certificate }] of anchors.entries()) add(`anchor-${index}`, 'CT,,', certificate);
  for (const [index, certificate] of peers.entries()) add(peerNickname(index), 'P,,', certificate);
  for (const [index, { pkcs8, chain }] of keys.entries()) {
    const [own, ...between] = chain;
    if (own === undefined) continue;
    const path = `/run/certificates/${keyNickname(index)}`;
    for (const [depth, certificate] of between.entries()) add(`${keyNickname(index)}-${depth + 1}`, ',,', certificate);
    files[`certificates/${keyNickname(index)}.key`] = pem('PRIVATE KEY', pkcs8);
    files[`certificates/${keyNickname(index)}.pem`] = pem('CERTIFICATE', own);
    lines.push(
      `openssl pkcs12 -export -in ${path}.pem -inkey ${path}.key -name ${keyNickname(index)} -passout pass: -out ${path}.p12`,
      `pk12util -i ${path}.p12 -d ${DATABASE} -W "" -K "" >/dev/null`,
    );
  }
  for (const [index, crl] of crls.entries()) {
    files[`certificates/crl-${index}.pem`] = pem('X509 CRL', crl);
    lines.push(`crlutil -I -a -B -d ${DATABASE} -i /run/certificates/crl-${index}.pem`);
  }
  return { files, script: `${lines.join('\n')}\n` };
}

function pem(label: string, der: string): string {
  const body = Buffer.from(der, 'hex')
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}
