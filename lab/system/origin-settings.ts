import type { NodeConfig } from '../../engine/node/config.ts';
import type {
  AddressSetting,
  InterfaceSetting,
  PropertyValues,
  RouteSetting,
  Settings,
  TunnelSetting,
} from './settings.ts';

const LASTING = { isActive: true, isPersistent: true } as const;

/** The settings that come to what a topology says of a node: as if its administrator had made them for good. */
export function settingsOf(node: NodeConfig): Settings {
  const values: PropertyValues = {
    hostmodel: { ipv4: node.hostModel ?? 'weak', ipv6: node.hostModel ?? 'weak' },
    forwarding: { ipv4: node.forwarding ? 'on' : 'off', ipv6: node.forwarding ? 'on' : 'off' },
  };
  return {
    tunnels: node.tunnels.map(tunnelOf),
    interfaces: [...node.interfaces, ...node.tunnels].map(interfaceOf),
    addresses: [
      ...node.interfaces.flatMap(({ name, addresses }) => addressesOf(name, addresses, true)),
      ...node.tunnels.flatMap(({ name, addresses, linkLocal = true }) => addressesOf(name, addresses, linkLocal)),
    ],
    routes: node.routes.map(
      ({ destination, via, interface: out }): RouteSetting => ({
        destination,
        gateway: via,
        interface: out,
        ...LASTING,
      }),
    ),
    properties: { current: values, persistent: values },
  };
}

function tunnelOf({ name, local, remote, mtu }: NodeConfig['tunnels'][number]): TunnelSetting {
  return { name, type: local.includes(':') ? 'ipv6' : 'ipv4', local, remote, mtu, ...LASTING };
}

const interfaceOf = ({ name }: { readonly name: string }): InterfaceSetting => ({
  name,
  families: ['ipv4', 'ipv6'],
  ...LASTING,
});

/** `net0/v4` and `net0/v4b` are the first two of IPv4, `net0/v6a` is the first of IPv6: `net0/v6` is the link-local one. */
function addressesOf(name: string, addresses: readonly string[], hasLinkLocal: boolean): AddressSetting[] {
  const count = { v4: 0, v6: 0 };
  const found = addresses.map((local): AddressSetting => {
    const family = local.includes(':') ? 'v6' : 'v4';
    const at = count[family]++;
    const suffix = family === 'v4' && at === 0 ? '' : suffixOf(at);
    return {
      object: `${name}/${family}${suffix}`,
      interface: name,
      isDown: false,
      kind: 'static',
      local,
      remote: null,
      ...LASTING,
    };
  });
  if (!hasLinkLocal) return found;
  return [...found, { object: `${name}/v6`, interface: name, isDown: false, kind: 'addrconf', ...LASTING }];
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const suffixOf = (at: number): string => LETTERS.charAt(at) || String(at);
