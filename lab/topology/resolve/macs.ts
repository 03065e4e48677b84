import { endName, type Scope } from './scope.ts';

/**
 * The MAC of each interface by `node:interface`: the file's own, or a locally administered one made of the positions of
 * node and interface, so that captures read easily: 02:00:00:00:01:02 is the second interface of the first node.
 */
export function macsOf(scope: Scope): ReadonlyMap<string, string> {
  const macs = new Map<string, string>();
  const owners = new Map<string, string>();
  const all = [...scope.nodes.values()].flatMap(node => [...node.interfaces.values()]);
  for (const iface of all) {
    const mac = iface.text?.mac;
    if (mac === null || mac === undefined) continue;
    const name = endName({ node: iface.node, interface: iface.name });
    const owner = owners.get(mac.value);
    if (owner !== undefined) {
      scope.report.error(
        mac.place,
        `${name} has the MAC address of ${owner}, ${mac.value}`,
        'change one, or leave mac away',
      );
    }
    owners.set(mac.value, name);
    macs.set(name, mac.value);
  }
  for (const [nodeIndex, node] of [...scope.nodes.values()].entries()) {
    for (const [index, iface] of [...node.interfaces.values()].entries()) {
      const name = endName({ node: iface.node, interface: iface.name });
      if (macs.has(name)) continue;
      macs.set(name, unused(owners, nodeIndex + 1, index + 1, name));
    }
  }
  return macs;
}

function unused(owners: Map<string, string>, node: number, iface: number, name: string): string {
  for (let copy = 0; ; copy += 1) {
    const octets = [2, copy >> 8, copy & 0xff, node >> 8, node & 0xff, iface & 0xff];
    const mac = octets.map(octet => (octet & 0xff).toString(16).padStart(2, '0')).join(':');
    if (owners.has(mac)) continue;
    owners.set(mac, name);
    return mac;
  }
}
