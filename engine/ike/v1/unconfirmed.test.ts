import { describe, expect, it } from 'vitest';
import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import { kinds, twoGateways } from '../testing/gateways.ts';
import type { Network, Station } from '../testing/network.ts';
import { carriesTraffic } from '../testing/node-sas.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

/** Message 3 of Aggressive Mode has no answer, and Child SAs that were there before carry packets all the while. */

const childrenOf = ({ daemon }: Station, { now }: Network) =>
  daemon.status(now).sas.flatMap(({ children }) => children);

const cookiesOf = ({ daemon }: Station, { now }: Network) =>
  daemon
    .status(now)
    .sas.filter(({ state }) => state === 'established')
    .map(({ initiatorSpi, responderSpi }) => `${initiatorSpi} ${responderSpi}`);

/** Two that have a Child SA, of which each hears something always. */
function busy(livenessSeconds: number) {
  const configs = v1Pair(
    { livenessSeconds, children: [v1Child({ start: 'start' })], rekeySeconds: 0 },
    { mode: 'aggressive', accepts: ['aggressive'], livenessTimeoutSeconds: 20 },
  );
  const lab = twoGateways(configs);
  lab.network.run(3_000);
  for (const end of [lab.alice, lab.bob])
    for (const { spiIn } of childrenOf(end, lab.network)) end.heard.set(spiIn, Number.MAX_SAFE_INTEGER);
  return lab;
}

/** From here on, so many messages of this exchange that Alice enciphers get lost. */
function lose({ network, alice }: ReturnType<typeof busy>, exchangeTypes: readonly number[], count = Infinity): void {
  let lost = 0;
  network.intercept = (datagram, from) => {
    const [exchangeType = 0, flags = 0] = datagram.octets.subarray(18, 20);
    const isMeant = from === alice && (flags & 1) === 1 && exchangeTypes.includes(exchangeType);
    return isMeant && lost++ < count ? [] : [datagram];
  };
}

const { AGGRESSIVE, QUICK_MODE, INFORMATIONAL } = IsakmpExchange;

describe('an ISAKMP SA of which the peer has not had the last message', () => {
  it('is one of both when that comes again, with the second question whether the peer is there', () => {
    const lab = busy(10);
    lose(lab, [AGGRESSIVE], 1);
    lab.network.command(lab.alice, { kind: 'rekey' });
    lab.network.run(1_000);
    expect(cookiesOf(lab.bob, lab.network)).not.toEqual(cookiesOf(lab.alice, lab.network));
    lab.network.run(12_000);
    expect(cookiesOf(lab.bob, lab.network)).toEqual(cookiesOf(lab.alice, lab.network));
    expect(kinds(lab.alice)).not.toContain('peerFailed');
  });

  it('is followed by another one when it never comes, and the Child SAs go on', () => {
    const lab = busy(10);
    const [before] = childrenOf(lab.alice, lab.network);
    lose(lab, [AGGRESSIVE]);
    lab.network.command(lab.alice, { kind: 'rekey' });
    lab.network.run(25_000);
    expect(kinds(lab.alice)).toContain('peerFailed');
    lose(lab, []);
    lab.network.run(60_000);
    expect(cookiesOf(lab.alice, lab.network)).toHaveLength(1);
    expect(cookiesOf(lab.bob, lab.network)).toEqual(cookiesOf(lab.alice, lab.network));
    expect(childrenOf(lab.alice, lab.network)).toMatchObject([{ spiIn: before?.spiIn, state: 'installed' }]);
    expect(childrenOf(lab.bob, lab.network)).toMatchObject([{ spiOut: before?.spiIn, state: 'installed' }]);
  });

  it('is followed by another one when Quick Mode finds it out', () => {
    const lab = busy(0);
    const [before] = childrenOf(lab.alice, lab.network);
    lose(lab, [AGGRESSIVE, QUICK_MODE, INFORMATIONAL]);
    lab.network.command(lab.alice, { kind: 'rekey' });
    lab.network.run(1_000);
    lab.network.command(lab.alice, { kind: 'rekey', child: 'net' });
    lab.network.run(40_000);
    lose(lab, []);
    lab.network.run(120_000);
    expect(cookiesOf(lab.alice, lab.network)).toHaveLength(1);
    expect(cookiesOf(lab.bob, lab.network)).toEqual(cookiesOf(lab.alice, lab.network));
    const [after] = childrenOf(lab.alice, lab.network);
    expect(after?.spiIn).not.toBe(before?.spiIn);
    expect(childrenOf(lab.bob, lab.network)).toMatchObject([{ spiOut: after?.spiIn, state: 'installed' }]);
    expect(carriesTraffic(lab.alice, lab.bob) && carriesTraffic(lab.bob, lab.alice)).toBe(true);
  });
});

it('an ISAKMP SA in which something has come is not asked for before its time', () => {
  const { network, alice } = busy(10);
  const known = alice.sent.length;
  network.run(9_000);
  expect(alice.sent).toHaveLength(known);
});
