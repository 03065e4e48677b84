import { existsSync } from 'node:fs';
import { CHARON } from '../../drivers/netns/strongswan/charon.ts';
import type { TopologyNode } from '../../topology/model.ts';
import { type MachineCapability, missing, there } from './capability.ts';
import { inTrialPod } from './live-capabilities.ts';
import { findProgram, installCommand } from './programs.ts';

/** What a node of `kind: peer` needs of the machine, by implementation. */
const IMPLEMENTATIONS: Readonly<Record<Implementation, () => MachineCapability>> = { strongswan };

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
