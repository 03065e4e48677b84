import type { SaMode } from '../../ipsec/sa.ts';
import type { Payload, SaPayload, TrafficSelector } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ChildConfig } from '../config.ts';
import type { ProtocolError } from '../protocol-error.ts';
import type { AgreedChild } from './child-install.ts';
import { selectorPayloads } from './child-offer.ts';
import { type ChildPlace, possibleProposals } from './child-place.ts';
import { requiredPayload } from './exchange-table.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { childChoices, spiOctets } from './proposals.ts';
import { answerWith, selectChild } from './select-proposal.ts';
import { areCovered } from './selector-box.ts';
import { areEqual, boxesIn, narrow, type Narrowing, type SelectorPair, selectorsOf } from './traffic-selectors.ts';
import { singleAddress, withAddress } from './transport-nat.ts';

export type ChildAnswer =
  | {
      readonly kind: 'agreed';
      readonly child: AgreedChild;
      /** `[N...,] SA, TSi, TSr` of the answer; Nr and KEr stand between. */
      readonly notifies: readonly Payload[];
      readonly sa: SaPayload;
      readonly selectors: readonly Payload[];
    }
  | { readonly kind: 'refused'; readonly error: ProtocolError };

/**
 * The responder's judgement of `SA, TSi, TSr` and the notifies beside them. `candidates` are the children that it may be: the
 * one whose traffic is just what was asked for, else the first that allows some of it. `replaced` is the Child SA that it takes
 * the place of: then nothing narrower will do (RFC 7296 §2.9.2).
 */
export function answerChild(
  payloads: readonly Payload[],
  candidates: readonly ChildConfig[],
  keyExchanges: 'with' | 'without',
  place: ChildPlace,
  newSpi: () => number,
  replaced: Pick<AgreedChild, 'local' | 'remote'> | null,
): ChildAnswer {
  const asked = askedFor(payloads, place);
  if (asked === null) return refused(NotifyType.TS_UNACCEPTABLE);
  const fits = candidates.flatMap(config => {
    const fit = fitting(config, asked, place, replaced);
    return fit === null ? [] : [fit];
  });
  const narrowed = fits.filter(fit => fit.narrowing.kind === 'narrowed');
  const [best] = [...narrowed.filter(fit => isExact(fit, asked)), ...narrowed];
  if (best === undefined || best.narrowing.kind !== 'narrowed') {
    const isPairWanted = fits.some(({ narrowing }) => narrowing.kind === 'singlePairRequired');
    return refused(isPairWanted ? NotifyType.SINGLE_PAIR_REQUIRED : NotifyType.TS_UNACCEPTABLE);
  }
  const { config, narrowing } = best;
  const choices = childChoices(possibleProposals(config, place), keyExchanges);
  const selection = selectChild(requiredPayload(payloads, 'SA'), choices, keyExchanges);
  if (selection.kind === 'malformed') return malformed('Proposal Num');
  // A policy of transport mode has no use for a tunnel that the peer asks for.
  if (selection.kind === 'none' || (config.mode === 'transport' && asked.mode === 'tunnel')) {
    return { kind: 'refused', error: { kind: 'noProposalChosen' } };
  }
  const spiIn = newSpi();
  const mode = config.mode;
  return {
    kind: 'agreed',
    child: {
      config,
      suite: selection.suite,
      mode,
      spiIn,
      spiOut: Buffer.from(selection.spi).readUInt32BE(),
      local: narrowing.tsr,
      remote: narrowing.tsi,
      peerTakesPadding: notifyOf(payloads, NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED) === null,
    },
    notifies: answerNotifies(mode, payloads, narrowing.isMorePossible),
    sa: answerWith(selection.proposal, spiOctets(spiIn)),
    selectors: selectorPayloads(asked.asPeerHasIt(narrowing.tsi, 'tsi'), asked.asPeerHasIt(narrowing.tsr, 'tsr')),
  };
}

interface Asked extends SelectorPair {
  readonly mode: SaMode;
  /** Selectors as they go into the answer: with the addresses of the request, RFC 7296 §2.23.1. */
  asPeerHasIt(selectors: readonly TrafficSelector[], side: 'tsi' | 'tsr'): readonly TrafficSelector[];
}

/** null: transport mode through a NAT for several addresses. */
function askedFor(payloads: readonly Payload[], { path }: ChildPlace): Asked | null {
  const mode = notifyOf(payloads, NotifyType.USE_TRANSPORT_MODE) === null ? 'tunnel' : 'transport';
  const tsi = requiredPayload(payloads, 'TSi').selectors;
  const tsr = requiredPayload(payloads, 'TSr').selectors;
  if (mode === 'tunnel' || !(path.isLocalNatted || path.isRemoteNatted)) {
    return { mode, tsi, tsr, asPeerHasIt: selectors => selectors };
  }
  const [mappedTsi, mappedTsr] = [withAddress(tsi, path.remote), withAddress(tsr, path.local)];
  const real = { tsi: singleAddress(tsi), tsr: singleAddress(tsr) };
  if (mappedTsi === null || mappedTsr === null) return null;
  return {
    mode,
    tsi: mappedTsi,
    tsr: mappedTsr,
    asPeerHasIt: (selectors, side) => {
      const address = real[side];
      return (address === null ? null : withAddress(selectors, address)) ?? selectors;
    },
  };
}

interface Fit {
  readonly config: ChildConfig;
  readonly narrowing: Narrowing;
}

/** null: nothing of it is this child's, or less than the one that is to be replaced has. */
function fitting(
  config: ChildConfig,
  asked: Asked,
  place: ChildPlace,
  replaced: Pick<AgreedChild, 'local' | 'remote'> | null,
): Fit | null {
  const allowed = {
    tsi: replaced?.remote ?? selectorsOf(config.remote, place.remote),
    tsr: replaced?.local ?? selectorsOf(config.local, place.local),
  };
  const narrowing = narrow(asked, allowed, 'whole');
  if (narrowing.kind === 'unacceptable') return null;
  if (replaced === null || narrowing.kind !== 'narrowed') return { config, narrowing };
  const isWhole =
    areCovered(boxesIn(replaced.remote), boxesIn(narrowing.tsi)) &&
    areCovered(boxesIn(replaced.local), boxesIn(narrowing.tsr));
  return isWhole ? { config, narrowing } : null;
}

function isExact({ narrowing }: Fit, asked: SelectorPair): boolean {
  return narrowing.kind === 'narrowed' && areEqual(narrowing.tsi, asked.tsi) && areEqual(narrowing.tsr, asked.tsr);
}

function answerNotifies(mode: SaMode, request: readonly Payload[], isMorePossible: boolean): Payload[] {
  const notifies = mode === 'transport' ? [notifyPayload(NotifyType.USE_TRANSPORT_MODE)] : [];
  // Later fragments go the way of their first one here, whatever was agreed on: to agree costs nothing.
  if (mode === 'tunnel' && notifyOf(request, NotifyType.NON_FIRST_FRAGMENTS_ALSO) !== null) {
    notifies.push(notifyPayload(NotifyType.NON_FIRST_FRAGMENTS_ALSO));
  }
  if (isMorePossible) notifies.push(notifyPayload(NotifyType.ADDITIONAL_TS_POSSIBLE));
  return notifies;
}

function refused(notifyType: number): ChildAnswer {
  return { kind: 'refused', error: { kind: 'refused', notifyType, data: new Uint8Array(0) } };
}

function malformed(field: string): ChildAnswer {
  return { kind: 'refused', error: { kind: 'malformed', field, offset: 0 } };
}
