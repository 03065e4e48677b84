import { findMininet } from '../../drivers/mininet/python.ts';
import { type MachineCapability, missing, there } from './capability.ts';
import { isMachinesRoot } from './docker-capabilities.ts';
import { inTrialPod, whyNotLive } from './live-capabilities.ts';
import { asRoot, findProgram } from './programs.ts';

/** What labs in Mininet need besides what netns does, cheapest first. */
export const mininetCapabilities: readonly (() => MachineCapability)[] = [mininet, tun];

/** The first thing that keeps labs in Mininet from working; null: nothing does. */
export function whyNotMininet(): MachineCapability | null {
  const live = whyNotLive();
  if (live !== null) return live;
  return mininetCapabilities.map(look => look()).find(({ ok }) => !ok) ?? null;
}

/** The first thing that keeps a lab from being put into hosts that run; null: nothing does. Mininet itself need not be here. */
export function whyNotAttach(): MachineCapability | null {
  const live = whyNotLive();
  if (live !== null) return live;
  if (!isMachinesRoot()) return missing('root', 'mininet', "the hosts are root's", 'sudo lab attach …');
  const found = tun();
  return found.ok ? null : found;
}

/** Open vSwitch, which Debian recommends with it, would start daemons that nobody here needs. */
export const INSTALL_MININET = 'apt-get install --no-install-recommends mininet bridge-utils';

function mininet(): MachineCapability {
  const name = 'Mininet';
  const use = 'makes the hosts and links of a lab';
  const python = findMininet();
  const programs = ['mnexec', 'brctl', 'ifconfig', 'bash'];
  if (python === null || programs.some(program => findProgram(program) === null)) {
    return missing(name, 'mininet', use, asRoot(INSTALL_MININET));
  }
  return there(name, 'mininet', `${use} (${python[0]})`);
}

/** A host of Mininet's has one namespace, where a veth pair as the gateway's way up would stand beside its links. */
function tun(): MachineCapability {
  const name = 'TUN devices';
  const use = "a gateway's way up to the kernel";
  if (inTrialPod(['sh', '-c', 'exec 9<>/dev/net/tun']) === null) return there(name, 'mininet', use);
  return missing(name, 'mininet', `${use}: /dev/net/tun is closed to you`, 'sudo lab up … --driver mininet');
}
