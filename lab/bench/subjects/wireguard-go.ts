import { join } from 'node:path';
import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB, otherSite, type Site, wrappedOctets } from '../live/sites.ts';
import type { BenchSubject, SubjectParameters } from '../live/subject.ts';
import { kernelSitesText, leadInto, must, startBeside } from './beside.ts';
import { closedTun, missingProgram } from './machine.ts';

const CIPHER = 'chacha20poly1305';
const PORT = '51820';
/** That of its device, unless it is told otherwise. */
const MTU = 1420;
const UDP_OCTETS = 8;
/** Type, receiver and counter, and the tag. */
const OVERHEAD_OCTETS = 16 + 16;
const BLOCK_OCTETS = 16;

/** WireGuard's own implementation for user space, also where the kernel would have one. */
export const wireguardGo: BenchSubject = {
  name: 'wireguard-go',
  title: 'wireguard-go',
  obstacle({ cipher, mode }) {
    if (mode !== 'tunnel') return 'WireGuard knows no transport mode';
    if (cipher !== CIPHER) return `not with ${cipher}: WireGuard has ${CIPHER}, and nothing else`;
    return missingProgram({ 'wireguard-go': 'wireguard-go', wg: 'wireguard-tools' }) ?? closedTun();
  },
  topologyText: kernelSitesText,
  async start(ground, parameters) {
    const keys = new Map([ALICE, BOB].map(site => [site.gateway, join(ground.folder, `${site.gateway}.key`)]));
    const keyOf = ({ gateway }: Site): string => keys.get(gateway) ?? '';
    const programs = [ALICE, BOB].map(site =>
      startBeside(ground, site, ['wireguard-go', '--foreground', deviceOf(site)]),
    );
    const publicKeys = new Map<Site, string>();
    for (const site of [ALICE, BOB]) publicKeys.set(site, await makeKey(ground, site, keyOf(site)));
    await leadInto(ground, parameters, programs, deviceOf);
    for (const site of [ALICE, BOB]) {
      const tell = wgArguments(site, parameters, keyOf(site), publicKeys.get(otherSite(site)) ?? '');
      // It makes its device before it listens to whoever configures it.
      await ground.until(
        `wireguard-go of ${site.gateway}`,
        async () => (await ground.run(site.gateway, tell)).status === 0,
      );
    }
  },
  outerOctets(parameters, innerOctets) {
    const padded = Math.min(Math.ceil(innerOctets / BLOCK_OCTETS) * BLOCK_OCTETS, Math.max(MTU, innerOctets));
    return wrappedOctets(parameters, UDP_OCTETS + OVERHEAD_OCTETS + padded);
  },
};

/** Both listen to whoever configures them below one /run, by the names of their devices. */
const deviceOf = ({ gateway }: Site): string => `wg-${gateway}`;

/** Makes a private key in a file; the public one. */
async function makeKey(ground: BenchGround, site: Site, file: string): Promise<string> {
  const script = 'umask 077; wg genkey | tee "$0" | wg pubkey';
  return (await must(ground, site, ['sh', '-c', script, file])).trim();
}

export function wgArguments(
  site: Site,
  { outer, inner }: SubjectParameters,
  keyFile: string,
  peerKey: string,
): string[] {
  const other = otherSite(site);
  const address = outer === 6 ? `[${other.wan[6]}]` : other.wan[4];
  const own = ['listen-port', PORT, 'private-key', keyFile];
  const peer = ['peer', peerKey, 'endpoint', `${address}:${PORT}`, 'allowed-ips', other.network[inner]];
  return ['wg', 'set', deviceOf(site), ...own, ...peer];
}
