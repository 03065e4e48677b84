import { join } from 'node:path';

/** Holds all files of the daemon of a node, as the pod sees them. */
export const charonFolder = (node: string): string => `/run/strongswan/${node}`;

/** Where the daemon of a node writes of its work. */
export const charonLog = (node: string): string => join(charonFolder(node), 'charon.log');

/** With it `swanctl` on a node finds the daemon of that node, and its files. */
export function charonEnvironment(node: string): Record<string, string> {
  const folder = charonFolder(node);
  return { STRONGSWAN_CONF: join(folder, 'client.conf'), SWANCTL_DIR: join(folder, 'swanctl') };
}
