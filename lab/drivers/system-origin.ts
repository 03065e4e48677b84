import type { CredentialsConfig } from '../../engine/ike/config.ts';
import { createSystem } from '../system/boot.ts';
import { credentialFiles } from '../system/given-credentials.ts';
import type { System } from '../system/system.ts';
import { hasIke } from '../topology/ike-config.ts';
import type { Topology } from '../topology/model.ts';
import { nodeConfig } from '../topology/node-config.ts';

/** Where a node keeps what a topology calls so. */
const PATHS: Readonly<Record<string, string>> = {
  'ipsecinit.conf': '/etc/inet/ipsecinit.conf',
  'ike/config': '/etc/inet/ike/config',
  'ike.preshared': '/etc/inet/secret/ike.preshared',
  'ipf.conf': '/etc/ipf/ipf.conf',
  'ipf6.conf': '/etc/ipf/ipf6.conf',
  'setkey.conf': '/etc/racoon/setkey.conf',
  'racoon.conf': '/etc/racoon/racoon.conf',
  'psk.txt': '/etc/racoon/psk.txt',
};

/**
 * The system that a node has when its lab comes up. `unixSeconds`: by the node's clock; `credentials`: what it was given to prove
 * itself with, null for nothing.
 */
export function firstSystem(
  topology: Topology,
  name: string,
  unixSeconds: number,
  credentials: CredentialsConfig | null = null,
): System {
  const texts = Object.entries(topology.nodes.find(node => node.name === name)?.nativeFiles ?? {});
  const files = texts.flatMap(([file, text]) => {
    const path = PATHS[file];
    return path === undefined ? [] : [[path, Buffer.from(text)] as const];
  });
  return createSystem({
    node: nodeConfig(topology, name, []),
    negotiates: hasIke(topology, name),
    files: new Map<string, Uint8Array>([...files, ...(credentials === null ? [] : credentialFiles(credentials))]),
    unixSeconds,
  });
}
