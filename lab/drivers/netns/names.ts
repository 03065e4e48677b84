import type { LinkEnd, TopologyNode } from '../../topology/model.ts';

/** Names of network namespaces. A colon cannot be part of a node's name, so ours never meet a node's. */

/** Where a node's programs run: `lab exec` leads here. */
export const kernelNamespace = (node: string): string => node;

/**
 * Where the NICs of engine nodes are: `apart` from its kernel stack they have neither address nor route nor program, so the kernel
 * could not pass, answer or send a packet past the engine even if it wanted to. `together` with it, where a node has one namespace,
 * rules keep the kernel from them (engine-namespace.ts).
 */
export type NicsPlace = 'apart' | 'together';

export const wireNamespace = (node: Pick<TopologyNode, 'name' | 'engine'>, nics: NicsPlace = 'apart'): string =>
  node.engine && nics === 'apart' ? `${node.name}:nics` : node.name;

/** The middle of the links that the lab's own user-space link carries. */
export const MIDDLE_NAMESPACE = ':middle';

export const namespaceFile = (name: string): string => `/run/netns/${name}`;

/** An engine node's way up: the device that has its addresses, in its kernel namespace. */
export const UP_DEVICE = 'engine0';
/** The engine's end of it, in its wire namespace, where that device is a veth. Names of a topology's interfaces are lower case. */
export const UP_DEVICE_PEER = 'ENGINE0';

/** The only MAC address that stands on the wire between the two. */
export const UP_DEVICE_MAC = '02:00:00:00:00:00';

export const endName = (end: LinkEnd): string => `${end.node}:${end.interface}`;
