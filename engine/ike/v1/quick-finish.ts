import { weakness } from '../v2/child-keys.ts';
import { type AgreedChild, childEvent, createChildSa, installCommand } from '../v2/child-install.ts';
import { lowerNonce } from '../v2/nonce.ts';
import type { ChildSuite } from '../v2/suite.ts';
import { replaceOthers } from './child-closing.ts';
import { childLifetimeOf, type Lifetimes } from './child-lifetimes.ts';
import type { ChildSa } from './child-sa.ts';
import { childrenFor, withChild } from './child-table.ts';
import { protocolNumber } from './ipsec-transforms.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { quickModeKeys } from './keymat.ts';
import { prfOf } from './keys.ts';
import { placeOf } from './quick-place.ts';
import type { SelectorsOfSa } from './quick-state.ts';
import type { Effect, World } from './step.ts';
import type { ChildConfig } from '../config.ts';

/** What Quick Mode has come to, at either end. */
export interface Agreement {
  readonly config: ChildConfig;
  readonly suite: ChildSuite;
  readonly spiIn: number;
  readonly spiOut: number;
  readonly pair: SelectorsOfSa;
  readonly lifetimes: Lifetimes;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** g(qm)^xy; null: no PFS. */
  readonly secret: Uint8Array | null;
  readonly madeBy: 'us' | 'peer';
  /** Which Child SA is rekeyed; null: the one with the same traffic, where there is one. */
  readonly replaces: number | null;
}

/** The Child SA as a value, in which nothing is installed yet; null: its keys must not be used (DES has weak ones). */
export function createChild(sa: EstablishedIsakmpSa, agreement: Agreement, world: World): ChildSa | null {
  const { config, suite, spiIn, spiOut, pair, nonceI, nonceR, madeBy } = agreement;
  const source = {
    prf: prfOf(sa.suite),
    skeyidD: sa.keys.skeyidD,
    protocolId: protocolNumber(suite.protocol),
    ni: nonceI,
    nr: nonceR,
    secret: agreement.secret,
  };
  const [spiI, spiR] = madeBy === 'us' ? [spiIn, spiOut] : [spiOut, spiIn];
  const keys = quickModeKeys(source, spiI, spiR, suite);
  if (weakness(suite, keys) !== null) return null;
  const agreed: AgreedChild = {
    config,
    suite,
    mode: config.mode,
    spiIn,
    spiOut,
    local: [pair.local],
    remote: [pair.remote],
    peerTakesPadding: true,
    lifetime: childLifetimeOf(agreement.lifetimes, config, sa.connection, world.random, world.now),
  };
  const [same] = childrenFor(sa, { config, local: agreed.local, remote: agreed.remote });
  const replaces = agreement.replaces ?? same?.id ?? null;
  const lowestNonce = lowerNonce(nonceI, nonceR);
  const origin = { madeBy, replaces, lowestNonce, lineNonce: lowestNonce };
  return createChildSa(agreed, keys, origin, placeOf(sa), sa.connection, world);
}

/** What the peer may send by it is understood from here on. */
export function installInbound(child: ChildSa): Effect {
  return { kind: 'command', command: installCommand(child, 'inbound') };
}

/** Both ends have it: packets leave by it, and no more by the one that it replaces. */
export function takeIntoUse(before: EstablishedIsakmpSa, child: ChildSa, world: World) {
  const made: ChildSa = { ...child, state: 'installed' };
  const { sa, effects } = replaceOthers(withChild(before, made), made, world);
  const kind = child.origin.replaces === null ? 'childEstablished' : 'childRekeyed';
  const event: Effect = { kind: 'event', event: childEvent(kind, before.connection, child) };
  return { sa, effects: [...effects, event] };
}
