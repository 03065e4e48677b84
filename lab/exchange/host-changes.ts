import { addressVersion, parseAddress } from '../../engine/wire/address.ts';
import { parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';
import type { NetworkChange } from './ip-command.ts';
import { Names } from './names.ts';
import type { InterfaceDraft, NodeDraft, RouteDraft } from './network-draft.ts';

interface Device {
  /** In the topology. */
  readonly name: string;
  readonly isPlugged: boolean;
  readonly addresses: string[];
  mtu: number | null;
  mac: string | null;
}

/** One host of another tool's network, while what is done to it is read; `draft()` is the node that it becomes. */
export class HostChanges {
  /** As the other tool calls it. */
  readonly #original: string;
  /** In the topology. */
  readonly name: string;
  readonly #names = new Names(15);
  readonly #devices = new Map<string, Device>();
  readonly #routes: { to: string; via: string | null; device: string | null }[] = [];
  #forwards: boolean | null = null;

  constructor(original: string, name: string) {
    this.#original = original;
    this.name = name;
  }

  /** A device with a link. false: it has one already. */
  plug(device: string, addresses: readonly string[], mac: string | null): boolean {
    if (this.#devices.has(device)) return false;
    this.#devices.set(device, {
      name: this.#names.of(device),
      isPlugged: true,
      addresses: [...addresses],
      mtu: null,
      mac,
    });
    return true;
  }

  /** What the topology calls a device. */
  interfaceName(device: string): string {
    return this.#devices.get(device)?.name ?? device;
  }

  /** Takes a change over; why not, where it does not. */
  apply(change: NetworkChange): string | null {
    switch (change.kind) {
      case 'nothing':
        return null;
      case 'unknown':
        return `"${change.command}" is left out: it says nothing that is understood of the network`;
      case 'forwarding':
        this.#forwards = change.on;
        return null;
      case 'route':
        if (change.device !== null && !this.#devices.has(change.device))
          return `the route to ${change.to} is left out: no link has ${change.device}`;
        this.#routes.push({ to: change.to, via: change.via, device: change.device });
        return null;
      case 'address':
      case 'mtu':
      case 'mac':
        return this.#applyToDevice(change);
    }
  }

  #applyToDevice(change: Extract<NetworkChange, { kind: 'address' | 'mtu' | 'mac' }>): string | null {
    if (change.kind === 'address' && change.device === 'lo') this.#loopback();
    const device = this.#devices.get(change.device);
    if (device === undefined) return `what is set on ${change.device} is left out: no link has it`;
    if (change.kind === 'mtu') device.mtu = change.mtu;
    else if (change.kind === 'mac') device.mac = change.mac;
    else if (!device.addresses.includes(change.address)) device.addresses.push(change.address);
    return null;
  }

  /** Addresses of lo: a topology has interfaces on no link for those. */
  #loopback(): void {
    if (this.#devices.has('lo')) return;
    const name = this.#names.of('loop0');
    this.#devices.set('lo', { name, isPlugged: false, addresses: [], mtu: null, mac: null });
  }

  draft(): NodeDraft {
    const plugged = [...this.#devices.values()].filter(({ isPlugged }) => isPlugged);
    const forwards = this.#forwards ?? plugged.length > 1;
    const interfaces = new Map(
      [...this.#devices.values()].map(device => [device.name, { gateways: [] as string[], ...device }]),
    );
    const routes: RouteDraft[] = [];
    for (const { to, via, device } of this.#routes) {
      const attached = via === null || !isDefault(to) ? null : attachedTo(via, [...interfaces.values()]);
      const hasOne = attached?.gateways.some(gateway => family(gateway) === family(via ?? '')) ?? false;
      if (attached !== null && via !== null && !hasOne) attached.gateways.push(via);
      else routes.push({ to, via, interface: via === null && device !== null ? this.interfaceName(device) : null });
    }
    return {
      name: this.name,
      kind: forwards ? 'router' : 'host',
      remarks: [
        ...(this.name === this.#original ? [] : [`Called ${JSON.stringify(this.#original)} there.`]),
        ...(this.#forwards === null && forwards
          ? ['Assumed to forward: it has more than one link, and nothing says.']
          : []),
      ],
      interfaces: [...interfaces.values()].map(
        ({ name, addresses, gateways, mtu, mac }): InterfaceDraft => ({
          name,
          addresses,
          gateways,
          mtu,
          mac,
          remark: null,
        }),
      ),
      routes,
    };
  }
}

const isDefault = (to: string): boolean => to.endsWith('/0');

const family = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4);

/** The interface on whose network an address is. */
function attachedTo<T extends { readonly addresses: readonly string[] }>(
  via: string,
  interfaces: readonly T[],
): T | null {
  const address = parseAddress(via);
  if (address === null) return null;
  const found = interfaces.find(({ addresses }) =>
    addresses.some(text => {
      const prefix = parsePrefix(text);
      return (
        prefix !== null && addressVersion(prefix.address) === addressVersion(address) && prefixContains(prefix, address)
      );
    }),
  );
  return found ?? null;
}
