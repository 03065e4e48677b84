import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB, otherSite, type Site, wrappedOctets } from '../live/sites.ts';
import type { SubjectParameters } from '../live/subject.ts';
import { closedTun, missingProgram, saidBy } from './machine.ts';
import { leadInto, startBeside } from './beside.ts';

/**
 * What both subjects of OpenVPN have in common: one process at each end, UDP between fixed ports, no compression, and else what OpenVPN
 * does without being told. Addresses and routes are not its work here: it carries what is routed into its devices.
 */

/** OpenVPN's names for what protects its packets. */
export interface OpenvpnCipher {
  readonly cipher: string;
  /** Of the HMAC; null: an AEAD. */
  readonly auth: string | null;
}

const DEVICE = 'ovpn0';
const PORT = '1194';
const UDP_OCTETS = 8;
/** The first that is told which certificate the peer has, and that can be told to leave the kernel's module alone. */
const VERSION = { major: 2, minor: 6 };

/** By tokens of ESP. */
export const OPENVPN_CIPHERS: Readonly<Record<string, OpenvpnCipher>> = {
  aes128gcm16: { cipher: 'AES-128-GCM', auth: null },
  aes256gcm16: { cipher: 'AES-256-GCM', auth: null },
  chacha20poly1305: { cipher: 'CHACHA20-POLY1305', auth: null },
  'aes128-sha1': { cipher: 'AES-128-CBC', auth: 'SHA1' },
  'aes128-sha256': { cipher: 'AES-128-CBC', auth: 'SHA256' },
  'aes256-sha256': { cipher: 'AES-256-CBC', auth: 'SHA256' },
  'aes256-sha512': { cipher: 'AES-256-CBC', auth: 'SHA512' },
};

/** Octets of the HMACs. */
export const AUTH_OCTETS: Readonly<Record<string, number>> = { SHA1: 20, SHA256: 32, SHA512: 64 };

/** What is the same for every way to use it; `carried` are those of `OPENVPN_CIPHERS` that this way can be used with. */
export function openvpnObstacle({ cipher, mode }: SubjectParameters, carried: readonly string[]): string | null {
  if (mode !== 'tunnel') return 'OpenVPN knows no transport mode';
  if (!carried.includes(cipher)) return `not with ${cipher}: this way of OpenVPN has ${carried.join(', ')}`;
  return missingProgram({ openvpn: 'openvpn' }) ?? closedTun() ?? tooOld();
}

function tooOld(): string | null {
  const { text } = saidBy(['openvpn', '--version']);
  const [, major, minor] = /^OpenVPN (\d+)\.(\d+)/.exec(text)?.map(Number) ?? [];
  if (major === undefined || minor === undefined) return 'openvpn does not say its version: openvpn --version';
  const isRecent = major > VERSION.major || (major === VERSION.major && minor >= VERSION.minor);
  return isRecent ? null : `openvpn ${major}.${minor} is too old: install ${VERSION.major}.${VERSION.minor} or later`;
}

/** Starts both ends, `more` being arguments of one end, and leads the sites' packets into their devices. */
export async function startOpenvpn(
  ground: BenchGround,
  parameters: SubjectParameters,
  more: (site: Site) => readonly string[],
): Promise<void> {
  const programs = [ALICE, BOB].map(site => startBeside(ground, site, openvpnArguments(site, parameters, more(site))));
  await leadInto(ground, parameters, programs, () => DEVICE);
}

export function openvpnArguments(site: Site, parameters: SubjectParameters, more: readonly string[]): string[] {
  const { outer } = parameters;
  const { cipher, auth } = openvpnCipher(parameters);
  const options: readonly (readonly string[])[] = [
    // What it writes is not what is measured.
    ['--verb', '0'],
    ['--dev', DEVICE, '--dev-type', 'tun', '--tun-mtu', '1500'],
    // All subjects carry the same packets: it is not to make TCP's smaller.
    ['--mssfix', '0'],
    ['--proto', `udp${outer}`, '--local', site.wan[outer], '--lport', PORT],
    ['--remote', otherSite(site).wan[outer], PORT],
    ['--cipher', cipher],
    auth === null ? [] : ['--auth', auth],
  ];
  return ['openvpn', ...options.flat(), ...more];
}

/** The UDP datagram's octets around what OpenVPN makes of a packet. */
export const datagramOctets = ({ outer }: Pick<SubjectParameters, 'outer'>, payload: number): number =>
  wrappedOctets({ outer }, UDP_OCTETS + payload);

/** Throws for one that `openvpnObstacle` would have refused. */
export function openvpnCipher({ cipher }: Pick<SubjectParameters, 'cipher'>): OpenvpnCipher {
  const known = OPENVPN_CIPHERS[cipher];
  if (known === undefined) throw new Error(`OpenVPN has no ${cipher}`);
  return known;
}
