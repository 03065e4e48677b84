import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair } from '../../../engine/crypto/generate-key.ts';
import { formatPem, formatPrivateKey } from '../../../engine/crypto/pem.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import { issueSelfSigned, PLAIN_END, PLAIN_ORDER } from '../../../engine/pki/issue.ts';
import { parseDistinguishedName } from '../../../engine/pki/name-text.ts';
import { ALICE, BOB, otherSite, type Site } from '../live/sites.ts';
import type { BenchSubject } from '../live/subject.ts';
import { kernelSitesText } from './beside.ts';
import { datagramOctets, OPENVPN_CIPHERS, openvpnCipher, openvpnObstacle, startOpenvpn } from './openvpn.ts';

const AEADS = Object.keys(OPENVPN_CIPHERS).filter(token => OPENVPN_CIPHERS[token]?.auth === null);
const DAY_SECONDS = 86_400;
/** Opcode and peer-id, packet number, and tag. */
const OVERHEAD_OCTETS = 4 + 4 + 16;

interface Credentials {
  readonly certificate: string;
  readonly key: string;
  /** SHA-256 of the certificate, as OpenVPN writes it. */
  readonly fingerprint: string;
}

/** OpenVPN as it is used today: TLS 1.3 makes the keys, and each end knows the other's certificate by its fingerprint. */
export const openvpnTls: BenchSubject = {
  name: 'openvpn-tls',
  title: 'OpenVPN, TLS',
  obstacle: parameters => openvpnObstacle(parameters, AEADS),
  topologyText: kernelSitesText,
  async start(ground, parameters) {
    const { cipher } = openvpnCipher(parameters);
    const credentials = new Map([ALICE, BOB].map(site => [site, makeCredentials(site, ground.folder)]));
    const of = (site: Site): Credentials => {
      const found = credentials.get(site);
      if (found === undefined) throw new Error(`no credentials of ${site.gateway}`);
      return found;
    };
    await startOpenvpn(ground, parameters, site => [
      ...(site === ALICE ? ['--tls-client'] : ['--tls-server', '--dh', 'none']),
      '--cert',
      of(site).certificate,
      '--key',
      of(site).key,
      '--peer-fingerprint',
      of(otherSite(site)).fingerprint,
      '--data-ciphers',
      cipher,
      // In user space, as all that it is compared with.
      '--disable-dco',
    ]);
  },
  outerOctets: (parameters, innerOctets) => datagramOctets(parameters, OVERHEAD_OCTETS + innerOctets),
};

function makeCredentials({ gateway }: Site, folder: string): Credentials {
  const random = createSystemRandom();
  const pair = generateKeyPair('ecdsa256', random);
  const now = Math.floor(Date.now() / 1000);
  const life = { notBefore: now - DAY_SECONDS, notAfter: now + DAY_SECONDS };
  const subject = parseDistinguishedName(`CN=${gateway}`);
  if (subject === null) throw new Error(`no name of ${gateway}`);
  const issued = issueSelfSigned({ ...PLAIN_ORDER, ...life, subject, role: PLAIN_END }, pair, random);
  if (issued.kind === 'refused') throw new Error(`no certificate of ${gateway}: ${issued.why}`);
  const { der } = issued.certificate;
  const files = { certificate: join(folder, `${gateway}.crt`), key: join(folder, `${gateway}.key`) };
  writeFileSync(files.certificate, formatPem({ label: 'CERTIFICATE', der }));
  writeFileSync(files.key, formatPrivateKey(pair), { mode: 0o600 });
  const digest = createHash('sha256').update(der).digest('hex').toUpperCase();
  return { ...files, fingerprint: digest.replaceAll(/(..)(?!$)/g, '$1:') };
}
