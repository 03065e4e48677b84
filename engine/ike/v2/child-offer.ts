import type { SaMode } from '../../ipsec/sa.ts';
import type { FlowQuery } from '../../node/node.ts';
import type { NotifyPayload, Payload, SaPayload, TrafficSelector } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ChildConfig } from '../config.ts';
import { acceptChild } from './accept-proposal.ts';
import type { AgreedChild } from './child-install.ts';
import { type ChildPlace, possibleProposals } from './child-place.ts';
import { requiredPayload } from './exchange-table.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { childChoices, offer, spiOctets } from './proposals.ts';
import { isWithin, selectorsOf, withPacket } from './traffic-selectors.ts';
import { withAddress } from './transport-nat.ts';

/** What the initiator of a Child SA has offered, to be held against the answer. */
export interface ChildOffer {
  readonly config: ChildConfig;
  readonly spiIn: number;
  readonly sa: SaPayload;
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
}

/**
 * An offer, the same for the same arguments. `flow` is the packet that wants the SA, RFC 7296 §2.9; `selectors` are given when
 * a Child SA is rekeyed: those that it has (§2.9.2). null: nothing can be offered, as of AH through a NAT.
 */
export function offerChild(
  config: ChildConfig,
  spiIn: number,
  place: ChildPlace,
  keyExchanges: 'with' | 'without',
  about:
    | { readonly flow: FlowQuery | null }
    | { readonly local: readonly TrafficSelector[]; readonly remote: readonly TrafficSelector[] },
): ChildOffer | null {
  const choices = childChoices(possibleProposals(config, place), keyExchanges);
  const sa = offer(choices, spiOctets(spiIn));
  if ('local' in about) return choices.length === 0 ? null : { config, spiIn, sa, tsi: about.local, tsr: about.remote };
  const tsi = selectorsOf(config.local, place.local);
  const tsr = selectorsOf(config.remote, place.remote);
  if (choices.length === 0 || tsi.length === 0 || tsr.length === 0) return null;
  if (about.flow === null) return { config, spiIn, sa, tsi, tsr };
  const [packetTsi, packetTsr] = [withPacket(tsi, about.flow, 'source'), withPacket(tsr, about.flow, 'destination')];
  if (config.sharing !== 'unique') return { config, spiIn, sa, tsi: packetTsi, tsr: packetTsr };
  return { config, spiIn, sa, tsi: packetTsi.slice(0, 1), tsr: packetTsr.slice(0, 1) };
}

/** `[N(USE_TRANSPORT_MODE),] [N(NON_FIRST_FRAGMENTS_ALSO),] SA, TSi, TSr`: the caller puts Ni and KEi between. */
export function offerPayloads({ config, sa, tsi, tsr }: ChildOffer): {
  readonly notifies: NotifyPayload[];
  readonly sa: SaPayload;
  readonly selectors: Payload[];
} {
  return { notifies: modeNotifies(config.mode, [...tsi, ...tsr]), sa, selectors: selectorPayloads(tsi, tsr) };
}

export function selectorPayloads(tsi: readonly TrafficSelector[], tsr: readonly TrafficSelector[]): Payload[] {
  return [
    { type: 'TSi', selectors: tsi },
    { type: 'TSr', selectors: tsr },
  ];
}

export type ChildConclusion =
  | { readonly kind: 'agreed'; readonly child: AgreedChild }
  /** The peer has made the SA, and this end cannot use it: a Delete is to follow, for `spiOut` where that is known. */
  | { readonly kind: 'unusable'; readonly why: string };

/** The initiator's look at an answer without an error notify, complete by its table. */
export function concludeChild(offered: ChildOffer, payloads: readonly Payload[], place: ChildPlace): ChildConclusion {
  const { config, spiIn } = offered;
  const accepted = acceptChild(offered.sa, requiredPayload(payloads, 'SA'));
  if (accepted.kind === 'refused') return { kind: 'unusable', why: accepted.why };
  const tsi = requiredPayload(payloads, 'TSi').selectors;
  const tsr = requiredPayload(payloads, 'TSr').selectors;
  const mode: SaMode = notifyOf(payloads, NotifyType.USE_TRANSPORT_MODE) === null ? 'tunnel' : 'transport';
  // RFC 7296 §1.3.1: an initiator that cannot use what the responder made of it deletes it.
  if (mode !== config.mode) return { kind: 'unusable', why: `${mode} mode, not ${config.mode} mode` };
  const isTransport = mode === 'transport';
  const local = isTransport && place.path.isLocalNatted ? withAddress(tsi, place.path.local) : tsi;
  const remote = isTransport && place.path.isRemoteNatted ? withAddress(tsr, place.path.remote) : tsr;
  if (local === null || remote === null) return { kind: 'unusable', why: 'transport mode for several addresses' };
  if (!isWithin({ tsi: local, tsr: remote }, offered)) {
    return { kind: 'unusable', why: 'traffic selectors that were not offered' };
  }
  const peerTakesPadding = notifyOf(payloads, NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED) === null;
  const spiOut = Buffer.from(accepted.spi).readUInt32BE();
  return {
    kind: 'agreed',
    child: { config, suite: accepted.suite, mode, spiIn, spiOut, local, remote, peerTakesPadding },
  };
}

/** RFC 7296 §1.3.1. IPCOMP_SUPPORTED is never said: this project compresses nothing. */
function modeNotifies(mode: SaMode, selectors: readonly TrafficSelector[]): NotifyPayload[] {
  if (mode === 'transport') return [notifyPayload(NotifyType.USE_TRANSPORT_MODE)];
  return selectors.some(hasPortRange) ? [notifyPayload(NotifyType.NON_FIRST_FRAGMENTS_ALSO)] : [];
}

/** Where later fragments would not be selected: they do not show ports. */
function hasPortRange({ startPort, endPort }: TrafficSelector): boolean {
  return startPort !== 0 || endPort !== 65535;
}
