import type { Topology } from '../topology/model.ts';

/**
 * The topology with the MAC addresses that a running lab has, where nobody has chosen one: they are made of positions in the file
 * (lab/topology/resolve/macs.ts), and a node more would give all behind it others.
 */
export function keepMacs(running: Topology, next: Topology): Topology {
  const known = new Map(
    running.nodes.flatMap(node => node.interfaces.map(({ name, mac }) => [`${node.name}:${name}`, mac] as const)),
  );
  const kept = (node: string, name: string, mac: string): string | null => {
    const before = known.get(`${node}:${name}`);
    return before !== undefined && isMade(before) && isMade(mac) ? before : null;
  };
  const taken = new Set(
    next.nodes.flatMap(node =>
      node.interfaces.flatMap(({ name, mac }) => kept(node.name, name, mac) ?? (isMade(mac) ? [] : [mac])),
    ),
  );
  const fresh = (mac: string): string => {
    const free = isMade(mac) ? firstFree(mac, taken) : mac;
    taken.add(free);
    return free;
  };
  const nodes = next.nodes.map(node => ({
    ...node,
    interfaces: node.interfaces.map(port => ({
      ...port,
      mac: kept(node.name, port.name, port.mac) ?? fresh(port.mac),
    })),
  }));
  return { ...next, nodes };
}

/** Locally administered, as those that are made. */
const isMade = (mac: string): boolean => mac.startsWith('02:');

/** The second and third octet count what would be the same otherwise. */
function firstFree(mac: string, taken: ReadonlySet<string>): string {
  const end = mac.slice('02:00:00'.length);
  for (let copy = 0; ; copy += 1) {
    const octets = [copy >> 8, copy & 0xff].map(octet => octet.toString(16).padStart(2, '0'));
    const free = `02:${octets.join(':')}${end}`;
    if (!taken.has(free)) return free;
  }
}
