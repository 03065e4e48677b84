import { join } from 'node:path';
import { ALICE } from '../live/sites.ts';
import type { BenchSubject } from '../live/subject.ts';
import { kernelSitesText, must } from './beside.ts';
import { AUTH_OCTETS, datagramOctets, openvpnCipher, openvpnObstacle, startOpenvpn } from './openvpn.ts';

/** AEADs need a key for each session, which this way has not. */
const CIPHERS = ['aes128-sha1', 'aes128-sha256', 'aes256-sha256', 'aes256-sha512'];
const BLOCK_OCTETS = 16;
/** Packet number and time, in front of what is enciphered. */
const REPLAY_OCTETS = 8;

/** OpenVPN with one secret for all time: packets, and no negotiation. */
export const openvpnStatic: BenchSubject = {
  name: 'openvpn-static',
  title: 'OpenVPN, static key',
  obstacle: parameters => openvpnObstacle(parameters, CIPHERS),
  topologyText: kernelSitesText,
  async start(ground, parameters) {
    const secret = join(ground.folder, 'static.key');
    await must(ground, ALICE, ['openvpn', '--genkey', 'secret', secret]);
    await startOpenvpn(ground, parameters, () => ['--secret', secret]);
  },
  outerOctets(parameters, innerOctets) {
    const { auth } = openvpnCipher(parameters);
    const padded = (Math.floor((REPLAY_OCTETS + innerOctets) / BLOCK_OCTETS) + 1) * BLOCK_OCTETS;
    return datagramOctets(parameters, (AUTH_OCTETS[auth ?? ''] ?? 0) + BLOCK_OCTETS + padded);
  },
};
