/**
 * What has been set on a node by its commands. Each setting tells what it is now (`isActive`) from what it will be after a restart
 * (`isPersistent`): `-t` gives the one without the other. One that is neither is not here.
 */
export interface Settings {
  readonly tunnels: readonly TunnelSetting[];
  readonly interfaces: readonly InterfaceSetting[];
  readonly addresses: readonly AddressSetting[];
  readonly routes: readonly RouteSetting[];
  readonly properties: Properties;
}

export interface Lasting {
  readonly isActive: boolean;
  readonly isPersistent: boolean;
}

/** A link of `dladm create-iptun`. */
export interface TunnelSetting extends Lasting {
  readonly name: string;
  readonly type: 'ipv4' | 'ipv6';
  readonly local: string;
  readonly remote: string;
  /** Of the topology; null: from the outer path. */
  readonly mtu: number | null;
}

/** A link that IP uses: `ipadm create-if`, or with its first address. */
export interface InterfaceSetting extends Lasting {
  readonly name: string;
  readonly families: readonly Family[];
}

export type Family = 'ipv4' | 'ipv6';

/** An address object of `ipadm`, `v4_bob0/v4`. */
export type AddressSetting = Lasting & {
  readonly object: string;
  readonly interface: string;
  /** `ipadm down-addr`. */
  readonly isDown: boolean;
} & AddressKind;

export type AddressKind =
  /** `local` with its prefix length; `remote`: of a point-to-point link. */
  | { readonly kind: 'static'; readonly local: string; readonly remote: string | null }
  /** The link-local address, and what routers advertise: RFC 4862. */
  | { readonly kind: 'addrconf' };

export interface RouteSetting extends Lasting {
  /** A prefix; `0.0.0.0/0` or `::/0` is the default route. */
  readonly destination: string;
  /** null: by the interface alone. */
  readonly gateway: string | null;
  /** Where it leads out; null: where its gateway is. */
  readonly interface: string | null;
}

/** Per family; what is temporary is in `current` alone. */
export interface Properties {
  readonly current: PropertyValues;
  readonly persistent: PropertyValues;
}

export interface PropertyValues {
  readonly hostmodel: Readonly<Record<Family, HostModel>>;
  readonly forwarding: Readonly<Record<Family, 'on' | 'off'>>;
}

export type HostModel = 'weak' | 'src-priority' | 'strong';

/** What there is now, and what there will be after a restart. */
export const activeOf = <T extends Lasting>(list: readonly T[]): T[] => list.filter(({ isActive }) => isActive);
export const persistentOf = <T extends Lasting>(list: readonly T[]): T[] =>
  list.filter(({ isPersistent }) => isPersistent);

/** Of what a restart leaves: what lasts is there again. */
export const afterRestart = <T extends Lasting>(list: readonly T[]): T[] =>
  persistentOf(list).map(each => ({ ...each, isActive: true }));

/** Without those that are meant: now only (`-t`), or for good. Settings that are neither are gone. */
export function withoutSettings<T extends Lasting>(
  list: readonly T[],
  isMeant: (setting: T) => boolean,
  how: { readonly isTemporary: boolean },
): T[] {
  return list.flatMap(each => {
    if (!isMeant(each)) return [each];
    return how.isTemporary && each.isPersistent ? [{ ...each, isActive: false }] : [];
  });
}
