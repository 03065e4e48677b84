import type { Address } from '../../wire/address.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { IsakmpPayload, NatOriginalAddressPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpIdType } from '../../wire/isakmp/registry.ts';
import type { ChildConfig } from '../config.ts';
import { type ChildPlace, childPlace } from '../v2/child-place.ts';
import { isPartner, boxesIn, selectorsOf } from '../v2/traffic-selectors.ts';
import { withAddress } from '../v2/transport-nat.ts';
import { usesNatDraft } from './extensions.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { Wrapping } from './phase2-proposals.ts';
import type { SelectorsOfSa } from './quick-state.ts';

/** Where the packets of a Child SA go, and what `dynamic` stands for. */
export function placeOf(sa: EstablishedIsakmpSa): ChildPlace {
  const extensions = new Set(sa.extensions.has('encapsulation') ? (['encapsulation'] as const) : []);
  return childPlace({ connection: sa.connection, path: sa.path, extensions }, sa.virtualAddresses);
}

/** Mode, and UDP by the numbers of RFC 3947 §5.1 or of its drafts. */
export function wrappingOf({ mode }: Pick<ChildConfig, 'mode'>, sa: EstablishedIsakmpSa, place: ChildPlace): Wrapping {
  const udp = usesNatDraft(sa.extensions) ? 'draftUdp' : 'udp';
  return { mode, encapsulation: place.isEncapsulated ? udp : 'none' };
}

/** Each pair of one local and one remote selector of a child between which there is traffic: an SA each. */
export function pairsOf(config: ChildConfig, place: ChildPlace): SelectorsOfSa[] {
  const remotes = selectorsOf(config.remote, place.remote);
  return selectorsOf(config.local, place.local).flatMap(local =>
    remotes.filter(remote => arePartners(local, remote)).map(remote => ({ local, remote })),
  );
}

export function arePartners(a: TrafficSelector, b: TrafficSelector): boolean {
  const [near] = boxesIn([a]);
  const [far] = boxesIn([b]);
  return near !== undefined && far !== undefined && isPartner(near)(far);
}

/**
 * Transport mode through a NAT: the peer knows the ends by other addresses than they have here. Its selectors for those that they
 * have here; null: for several addresses, and that is no transport mode.
 */
export function atOurSide({ local, remote }: SelectorsOfSa, { path }: ChildPlace): SelectorsOfSa | null {
  const near = path.isLocalNatted ? oneOf(withAddress([local], path.local)) : local;
  const far = path.isRemoteNatted ? oneOf(withAddress([remote], path.remote)) : remote;
  return near === null || far === null ? null : { local: near, remote: far };
}

/** NAT-OAi and NAT-OAr, RFC 3947 §5.2: of transport mode in UDP alone. `local` is what this end knows itself by. */
export function originalAddresses(
  sa: EstablishedIsakmpSa,
  { mode, encapsulation }: Wrapping,
  role: 'initiator' | 'responder',
): IsakmpPayload[] {
  if (mode !== 'transport' || encapsulation === 'none') return [];
  const draft = usesNatDraft(sa.extensions) ? ({ isDraft: true } as const) : {};
  const { local, remote } = sa.path;
  const ends = role === 'initiator' ? [local, remote] : [remote, local];
  return ends.map(address => ({ ...originalAddress(address), ...draft }));
}

function originalAddress(address: Address): NatOriginalAddressPayload {
  const idType = address.length === 4 ? IsakmpIdType.ID_IPV4_ADDR : IsakmpIdType.ID_IPV6_ADDR;
  return { type: 'NATOA', idType, data: address };
}

const oneOf = (selectors: readonly TrafficSelector[] | null): TrafficSelector | null => selectors?.[0] ?? null;
