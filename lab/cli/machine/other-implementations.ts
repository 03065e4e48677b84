import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { libreswanRoot } from '../../drivers/netns/libreswan/place.ts';
import { CHARON } from '../../drivers/netns/strongswan/charon.ts';
import type { TopologyNode } from '../../topology/model.ts';
import { projectRoot } from '../project.ts';
import { type MachineCapability, missing, there } from './capability.ts';
import { inTrialPod } from './live-capabilities.ts';
import { findProgram, installCommand } from './programs.ts';

/** What a node of `kind: peer` needs of the machine, by implementation. */
const IMPLEMENTATIONS: Readonly<Record<Implementation, () => MachineCapability>> = {
  strongswan,
  libreswan,
};

export type Implementation = NonNullable<TopologyNode['implementation']>;

/** What keeps it from running live on this machine; null: it can. */
export function whyNot(implementation: Implementation): MachineCapability | null {
  const found = IMPLEMENTATIONS[implementation]();
  return found.ok ? null : found;
}

const PACKAGES = [
  'strongswan-charon',
  'strongswan-swanctl',
  'libcharon-extra-plugins',
  'libstrongswan-extra-plugins',
  'libstrongswan-standard-plugins',
].map(name => ({ 'apt-get': name, dnf: 'strongswan', apk: 'strongswan', pacman: 'strongswan', zypper: 'strongswan' }));

/** charon, swanctl, the ESP of libipsec, and a TUN device for it. */
export function strongswan(): MachineCapability {
  const name = 'strongSwan';
  const use = 'nodes of kind peer, implementation strongswan';
  if (!existsSync(CHARON) || !existsSync(LIBIPSEC) || findProgram('swanctl') === null) {
    return missing(name, 'comfort', use, installCommand(PACKAGES));
  }
  if (inTrialPod(['sh', '-c', 'exec 9<>/dev/net/tun']) !== null) {
    return missing(name, 'comfort', `${use}: /dev/net/tun is closed to you`, 'sudo lab up …');
  }
  return there(name, 'comfort', use);
}

const LIBIPSEC = '/etc/strongswan.d/charon/kernel-libipsec.conf';

/** pluto and its tools, installed or unpacked, and an overlay over /usr for the latter. */
export function libreswan(): MachineCapability {
  const name = 'libreswan';
  const use = 'nodes of kind peer, implementation libreswan';
  const root = libreswanRoot();
  if (root === null) return missing(name, 'comfort', use, fileURLToPath(new URL(UNPACK, projectRoot())));
  if (findProgram('openssl') === null) {
    return missing(name, 'comfort', use, installCommand([{ 'apt-get': 'openssl' }]));
  }
  const mount = ['mount', '-t', 'overlay', 'trial', '-o', `lowerdir=${root}/usr:/usr`, '/usr'];
  if (root !== '/' && inTrialPod(mount) !== null) {
    return missing(name, 'comfort', `${use}: no overlay over /usr for you`, 'sudo lab up …');
  }
  return there(name, 'comfort', use);
}

const UNPACK = 'scripts/unpack-libreswan.sh';
