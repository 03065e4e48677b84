import { existsSync } from 'node:fs';
import { CHARON } from '../../drivers/netns/strongswan/charon.ts';
import { ALICE, otherSite, type Site, sitesText } from '../live/sites.ts';
import type { BenchSubject, SubjectParameters } from '../live/subject.ts';
import { engine } from './engine.ts';
import { closedTun, missingProgram } from './machine.ts';

const CHILD = 'sites';
const LIBIPSEC = '/etc/strongswan.d/charon/kernel-libipsec.conf';
const PACKAGES = 'strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-extra-plugins';

/** Why strongSwan with its own ESP does not run here; null: it does. */
export function strongswanMissing(): string | null {
  if (!existsSync(CHARON) || !existsSync(LIBIPSEC))
    return `strongSwan is not installed: sudo apt-get install ${PACKAGES}`;
  return missingProgram({ swanctl: PACKAGES }) ?? closedTun();
}

/**
 * strongSwan with ESP of its own, kernel-libipsec. Its device takes 1400 octets, which cannot be changed: longer packets are cut into
 * fragments before, or refused where they may not be cut.
 */
export const strongswan: BenchSubject = {
  name: 'strongswan',
  title: 'strongSwan, kernel-libipsec',
  obstacle({ cipher, mode, outer, encapsulation }) {
    if (mode !== 'tunnel') return 'kernel-libipsec knows no transport mode';
    if (encapsulation !== 'always') return 'kernel-libipsec sends ESP in UDP, and not without';
    if (outer !== 4) return 'this subject calls its peer by IPv4';
    if (cipher.includes('gmac')) return `kernel-libipsec has no ${cipher}`;
    return strongswanMissing();
  },
  topologyText: parameters =>
    sitesText(
      site => [
        'kind: peer',
        'implementation: strongswan',
        'ike:',
        `  id: ${site.gateway}.lab`,
        '  auth: { psk: "${secrets.sites}" }',
        '  proposals: [aes256gcm16-prfsha384-x25519]',
        '  encapsulation: always',
        '  start: none',
        ...policyLines(site, parameters),
      ],
      ['secrets: { sites: "a secret of the two, for measurements only" }'],
    ),
  async start(ground) {
    const isConnected = async () => {
      const all = await ground.lab.ike();
      return all.length === 2 && all.every(({ status }) => status.sas.some(sa => sa.children.length > 0));
    };
    await ground.lab.ikeCommand(ALICE.gateway, { kind: 'initiate', child: CHILD });
    await ground.until('a Child SA of the two strongSwan', isConnected);
  },
  outerOctets: (parameters, innerOctets) => engine.outerOctets?.(parameters, innerOctets) ?? null,
};

function policyLines(site: Site, { cipher, inner }: SubjectParameters): readonly string[] {
  const other = otherSite(site);
  const ends = `local: "${site.network[inner]}", remote: "${other.network[inner]}"`;
  const protect = `{ mode: tunnel, peer: ${other.gateway}, esp: [${cipher}], legacy: true }`;
  return ['policy:', `  - { name: ${CHILD}, ${ends}, protect: ${protect} }`, '  - { name: rest, bypass: true }'];
}
