import { expect, test } from 'vitest';
import { createSeeded, type Seeded } from '../../ipsec/testing/seeded.ts';
import type { IkeConfig } from '../config.ts';
import type { IkeCommand } from '../daemon.ts';
import type { IkeSaStatus } from '../status.ts';
import { twoGateways } from '../testing/gateways.ts';
import type { Station } from '../testing/network.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

/**
 * Whatever happens, once it stops the two have one ISAKMP SA, and each child in use, at both ends the same, of which both nodes have
 * the SAs. In IKEv1 nobody answers a Delete, so what one end has lost alone is found out by dead peer detection and lifetimes.
 */

const SEEDS = Array.from({ length: 8 }, (_, i) => i);
const SLICE_MS = 2000;
const SLICES = 45;

test.each(SEEDS)('two converge after faults, seed %i', seed => {
  const random = createSeeded(`swarm of IKEv1 ${seed}`);
  const configs = configsFor(random);
  const { network, alice, bob } = twoGateways(configs, `swarm of IKEv1 ${seed}`);
  for (let slice = 0; slice < SLICES; slice++) {
    network.weather = {
      loss: random.below(30) / 100,
      duplication: random.below(30) / 100,
      jitterMs: random.below(400),
    };
    const isCut = random.below(8) === 0;
    network.intercept = datagram => (isCut ? [] : [datagram]);
    if (random.below(3) === 0) disturb(random, alice, configs.alice);
    if (random.below(3) === 0) disturb(random, bob, configs.bob);
    network.run(SLICE_MS);
  }
  network.weather = { loss: 0, duplication: 0, jitterMs: 0 };
  network.intercept = datagram => [datagram];
  network.run(900_000);
  // Until what was replaced has left the nodes.
  const isSettled = () =>
    [alice, bob].every(one => {
      const { sas } = one.daemon.status(network.now);
      const children = sas.flatMap(sa => sa.children);
      return sas.every(isQuiet) && inNode(one).length === 2 * children.length;
    });
  network.run(120_000, isSettled);
  const [one = [], other = []] = [alice, bob].map(station => station.daemon.status(network.now).sas);
  const replay = `seed ${seed}: ${JSON.stringify([brief(one), brief(other)])}`;
  expect(
    one.map(({ state }) => state),
    replay,
  ).toEqual(['established']);
  expect(
    other.map(({ state }) => state),
    replay,
  ).toEqual(['established']);
  expect(one[0]?.responderSpi, replay).toBe(other[0]?.responderSpi);
  const [children = [], mirrored = []] = [one[0]?.children, other[0]?.children];
  expect(new Set(children.map(({ name }) => name)), replay).toEqual(new Set(['north', 'south']));
  expect(spis('spiIn', children), replay).toEqual(spis('spiOut', mirrored));
  expect(inNode(alice), replay).toEqual(expectedIn(children));
  expect(inNode(bob), replay).toEqual(expectedIn(mirrored));

  function disturb(dice: Seeded, station: Station, config: IkeConfig): void {
    if (dice.below(12) === 0) {
      // A node that is new has no SAs either.
      station.commands.length = 0;
      return network.restart(station, config);
    }
    const connection = config.connections[0]?.name ?? '';
    const commands: readonly IkeCommand[] = [
      { kind: 'rekey', ike: connection },
      { kind: 'rekey', child: 'north' },
      { kind: 'rekey', child: 'south' },
      { kind: 'terminate', child: 'south' },
      { kind: 'terminate', ike: connection },
      { kind: 'initiate', child: 'north' },
      { kind: 'reauthenticate', ike: connection },
    ];
    network.command(station, dice.pick(commands));
    network.command(station, { kind: 'initiate', child: 'north' });
    network.command(station, { kind: 'initiate', child: 'south' });
  }
});

const isQuiet = ({ state, children }: IkeSaStatus): boolean =>
  state === 'established' && children.every(child => child.state === 'installed');

const brief = (sas: readonly IkeSaStatus[]) =>
  sas.map(sa => [
    sa.state,
    sa.initiatorSpi.slice(0, 4),
    sa.children.map(c => [c.name, c.state, c.spiIn & 0xfff, c.spiOut & 0xfff, c.ageSeconds].join(' ')),
  ]);

function configsFor(random: Seeded): { readonly alice: IkeConfig; readonly bob: IkeConfig } {
  const child = (name: string, net: number) =>
    v1Child({
      name,
      start: 'start',
      onClose: 'start',
      onDeath: 'restart',
      local: [{ addresses: `10.${net}.0.0/24`, protocol: 'any', ports: 'any' }],
      remote: [{ addresses: `10.${net}.1.0/24`, protocol: 'any', ports: 'any' }],
      rekey: { seconds: 60 + random.below(60), octets: null, packets: null },
    });
  const mode = random.pick(['main', 'main', 'aggressive'] as const);
  const { alice, bob } = v1Pair(
    {
      children: [child('north', 1), child('south', 2)],
      rekeySeconds: random.pick([0, 60, 200]),
      livenessSeconds: 10,
      retransmission: { firstMs: 300, factor: 1.6, longestMs: 4000, sends: 6 },
    },
    { mode, accepts: ['main', 'aggressive'], livenessTimeoutSeconds: 20 },
  );
  if (random.below(2) === 0) return { alice, bob };
  const connections = bob.connections.map(one => ({
    ...one,
    children: one.children.map(each => ({ ...each, start: 'start' as const })),
  }));
  return { alice, bob: { ...bob, connections } };
}

const spis = (of: 'spiIn' | 'spiOut', children: IkeSaStatus['children']): number[] =>
  children.map(child => child[of]).sort((a, b) => a - b);

function inNode({ commands }: Station): string[] {
  const sas = new Set<string>();
  for (const command of commands) {
    if (command.kind === 'installSa') sas.add(`${command.sa.direction} ${command.sa.spi}`);
    if (command.kind === 'deleteSa') sas.delete(`${command.direction} ${command.spi}`);
  }
  return [...sas].sort();
}

function expectedIn(children: readonly { readonly spiIn: number; readonly spiOut: number }[]): string[] {
  return children.flatMap(({ spiIn, spiOut }) => [`inbound ${spiIn}`, `outbound ${spiOut}`]).sort();
}
