import type { SaMode } from '../../ipsec/sa.ts';
import type { Payload, SaPayload } from '../../wire/ike/payload.ts';
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
import { withAddress } from './transport-nat.ts';

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
  const views = viewsOf(payloads, place);
  const fits = views.flatMap(view =>
    candidates.flatMap(config => {
      const fit = fitting(config, view, place, replaced);
      return fit === null ? [] : [fit];
    }),
  );
  const narrowed = fits.filter(fit => fit.narrowing.kind === 'narrowed');
  const [best] = [...narrowed.filter(isExact), ...narrowed.filter(isWhole), ...narrowed];
  if (best === undefined || best.narrowing.kind !== 'narrowed') {
    const isPairWanted = fits.some(({ narrowing }) => narrowing.kind === 'singlePairRequired');
    return refused(isPairWanted ? NotifyType.SINGLE_PAIR_REQUIRED : NotifyType.TS_UNACCEPTABLE);
  }
  const { config, narrowing } = best;
  const choices = childChoices(possibleProposals(config, place), keyExchanges);
  const selection = selectChild(requiredPayload(payloads, 'SA'), choices, keyExchanges);
  if (selection.kind === 'malformed') return malformed('Proposal Num');
  // A policy of transport mode has no use for a tunnel that the peer asks for.
  if (selection.kind === 'none' || config.mode !== best.view.mode) {
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
    selectors: selectorPayloads(narrowing.tsi, narrowing.tsr),
  };
}

/** The request as it is looked at. */
interface View extends SelectorPair {
  readonly mode: SaMode;
}

/**
 * Transport mode first where it is asked for, with the addresses that a NAT has changed put right; a tunnel where no policy has
 * transport mode for it, RFC 7296 §2.23.1.
 */
function viewsOf(payloads: readonly Payload[], { path }: ChildPlace): View[] {
  const tsi = requiredPayload(payloads, 'TSi').selectors;
  const tsr = requiredPayload(payloads, 'TSr').selectors;
  const tunnel: View = { mode: 'tunnel', tsi, tsr };
  if (notifyOf(payloads, NotifyType.USE_TRANSPORT_MODE) === null) return [tunnel];
  const mappedTsi = path.isRemoteNatted ? withAddress(tsi, path.remote) : tsi;
  const mappedTsr = path.isLocalNatted ? withAddress(tsr, path.local) : tsr;
  if (mappedTsi === null || mappedTsr === null) return [tunnel];
  return [{ mode: 'transport', tsi: mappedTsi, tsr: mappedTsr }, tunnel];
}

interface Fit {
  readonly view: View;
  readonly allowed: SelectorPair;
  readonly config: ChildConfig;
  readonly narrowing: Narrowing;
}

/** null: nothing of it is this child's, or less than the one that is to be replaced has. */
function fitting(
  config: ChildConfig,
  view: View,
  place: ChildPlace,
  replaced: Pick<AgreedChild, 'local' | 'remote'> | null,
): Fit | null {
  const allowed = {
    tsi: replaced?.remote ?? selectorsOf(config.remote, place.remote),
    tsr: replaced?.local ?? selectorsOf(config.local, place.local),
  };
  // That a tunnel was asked for where policy wants none is answered as what it is: no proposal suits.
  if (view.mode === 'transport' && config.mode === 'tunnel') return null;
  const isUnique = config.sharing === 'unique' && replaced === null;
  const narrowing = narrow(view, allowed, isUnique ? 'pairs' : 'whole');
  if (narrowing.kind === 'unacceptable') return null;
  if (replaced === null || narrowing.kind !== 'narrowed') return { view, allowed, config, narrowing };
  const covers =
    areCovered(boxesIn(replaced.remote), boxesIn(narrowing.tsi)) &&
    areCovered(boxesIn(replaced.local), boxesIn(narrowing.tsr));
  return covers ? { view, allowed, config, narrowing } : null;
}

/** All that was asked for, and nothing else, is what the child is for. */
function isExact({ view, allowed }: Fit): boolean {
  return areEqual(allowed.tsi, view.tsi) && areEqual(allowed.tsr, view.tsr);
}

/** All that was asked for is allowed. */
function isWhole({ view, narrowing }: Fit): boolean {
  return narrowing.kind === 'narrowed' && areEqual(narrowing.tsi, view.tsi) && areEqual(narrowing.tsr, view.tsr);
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
