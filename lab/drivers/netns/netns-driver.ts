import { closeSync, openSync } from 'node:fs';
import type { Driver } from '../driver.ts';
import { bringUp, LIVE_CAPABILITIES, type LiveOptions } from './bring-up.ts';
import { namespaceGround } from './ground.ts';

export type NetnsDriverOptions = LiveOptions;

/**
 * Labs on this machine's kernel: a network namespace a node, veth pairs for links, a process for each engine node. `up` has
 * to run inside a pod (pod.ts), of which a lab has all to itself.
 */
export function createNetnsDriver(options: NetnsDriverOptions = {}): Driver {
  return {
    name: 'netns',
    capabilities: LIVE_CAPABILITIES,
    up: (topology, context) =>
      bringUp(topology, context, namespaceGround(context.runId, tunOpenable() ? 'tun' : 'veth'), options),
  };
}

function tunOpenable(): boolean {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return true;
  } catch {
    return false;
  }
}
