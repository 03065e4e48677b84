import type { CredentialsConfig } from '../../engine/ike/config.ts';
import { createSystem } from '../system/boot.ts';
import { ikecertFiles, racoonFiles } from '../system/given-credentials.ts';
import type { System } from '../system/system.ts';
import { hasIke } from '../topology/ike-config.ts';
import type { Topology, TopologyNode } from '../topology/model.ts';
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
  const node = topology.nodes.find(each => each.name === name);
  const texts = Object.entries(node?.nativeFiles ?? {});
  const files = texts.flatMap(([file, text]) => {
    const path = PATHS[file];
    return path === undefined ? [] : [[path, Buffer.from(text)] as const];
  });
  return createSystem({
    node: nodeConfig(topology, name, []),
    negotiates: hasIke(topology, name),
    files: new Map<string, Uint8Array>([...files, ...(credentials === null ? [] : filesOf(node, credentials))]),
    peers: topology.nodes.flatMap(other => (other.ike === null || other === node ? [] : addressesOf(other))),
    unixSeconds,
  });
}

/** Where the node's own daemon looks for them. */
function filesOf(node: TopologyNode | undefined, credentials: CredentialsConfig): [string, Uint8Array][] {
  const hasRacoon = node?.nativeFiles?.['racoon.conf'] !== undefined;
  return hasRacoon
    ? racoonFiles(credentials, node.ike?.credentials ?? { keys: [], peers: [] })
    : ikecertFiles(credentials);
}

const addressesOf = ({ interfaces }: TopologyNode): string[] =>
  interfaces.flatMap(({ addresses }) => addresses.map(address => address.replace(/\/.*$/, '')));
