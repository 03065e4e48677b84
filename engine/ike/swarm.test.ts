import { expect, test } from 'vitest';
import { createSeeded, type Seeded } from '../ipsec/testing/seeded.ts';
import { decodeIkeMessage } from '../wire/ike/codec.ts';
import type { IkeConfig } from './config.ts';
import type { IkeCommand } from './daemon.ts';
import type { IkeSaStatus } from './status.ts';
import { childConfig, pair } from './testing/connection.ts';
import { twoGateways } from './testing/gateways.ts';
import type { Station } from './testing/network.ts';

/** Whatever happens, once it stops the two have one IKE SA, and in it each child once, of which both nodes have the SAs. */

const SEEDS = Array.from({ length: 16 }, (_, i) => i);
const SLICE_MS = 2000;
const SLICES = 45;

test.each(SEEDS)('two converge after faults, seed %i', seed => {
  const random = createSeeded(`swarm ${seed}`);
  const configs = configsFor(random);
  const { network, alice, bob } = twoGateways(configs, `swarm ${seed}`);
  const witness = createWitness();
  for (let slice = 0; slice < SLICES; slice++) {
    network.weather = {
      loss: random.below(30) / 100,
      duplication: random.below(30) / 100,
      jitterMs: random.below(400),
    };
    const isCut = random.below(8) === 0;
    network.intercept = (datagram, from) => {
      witness.see(from, datagram.octets);
      return isCut ? [] : [datagram];
    };
    if (random.below(3) === 0) disturb(random, alice, configs.alice);
    if (random.below(3) === 0) disturb(random, bob, configs.bob);
    network.run(SLICE_MS);
  }
  network.weather = { loss: 0, duplication: 0, jitterMs: 0 };
  network.intercept = (datagram, from) => {
    witness.see(from, datagram.octets);
    return [datagram];
  };
  network.run(900_000);
  // Until what was replaced has left the nodes.
  const isSettled = () => [alice, bob].every(one => one.daemon.status(network.now).sas.every(isQuiet));
  network.run(60_000, isSettled);
  const [one, other] = [alice, bob].map(station => station.daemon.status(network.now).sas);
  const brief = (sas: typeof one) =>
    sas?.map(sa => [
      sa.state,
      sa.initiatorSpi.slice(0, 4),
      sa.children.map(c => [c.name, c.state, c.spiIn & 0xfff, c.spiOut & 0xfff, c.ageSeconds].join(' ')),
    ]);
  const replay = `seed ${seed}: ${JSON.stringify([brief(one), brief(other)])}`;
  expect(
    one?.map(({ state }) => state),
    replay,
  ).toEqual(['established']);
  expect(
    other?.map(({ state }) => state),
    replay,
  ).toEqual(['established']);
  expect(one?.[0]?.responderSpi, replay).toBe(other?.[0]?.responderSpi);
  const [children = [], mirrored = []] = [one?.[0]?.children, other?.[0]?.children];
  expect(children.map(({ name }) => name).sort(), replay).toEqual(['north', 'south']);
  const spis = (ofOne: 'spiIn' | 'spiOut', list: typeof children) =>
    list.map(child => child[ofOne]).sort((a, b) => a - b);
  expect(spis('spiIn', children), replay).toEqual(spis('spiOut', mirrored));
  expect(inNode(alice), replay).toEqual(expectedIn(children));
  expect(inNode(bob), replay).toEqual(expectedIn(mirrored));
  expect(witness.faults).toEqual([]);

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
  state === 'established' && children.every(child => child.state === 'installed' && child.ageSeconds > 6);

function configsFor(random: Seeded): { readonly alice: IkeConfig; readonly bob: IkeConfig } {
  const child = (name: string, net: number) =>
    childConfig({
      name,
      start: 'start',
      onClose: 'start',
      onDeath: 'restart',
      local: [{ addresses: `10.${net}.0.0/24`, protocol: 'any', ports: 'any' }],
      remote: [{ addresses: `10.${net}.1.0/24`, protocol: 'any', ports: 'any' }],
      rekey: { seconds: 40 + random.below(60), octets: null, packets: null },
    });
  const { alice, bob } = pair({
    children: [child('north', 1), child('south', 2)],
    windowSize: random.pick([1, 1, 3]),
    rekeySeconds: random.pick([0, 60, 200]),
    livenessSeconds: 10,
    retransmission: { firstMs: 300, factor: 1.6, longestMs: 4000, sends: 6 },
  });
  if (random.below(2) === 0) return { alice, bob };
  const connections = bob.connections.map(one => ({
    ...one,
    children: one.children.map(each => ({ ...each, start: 'start' as const })),
  }));
  return { alice, bob: { ...bob, connections } };
}

/** What may never be on the wire: the same Message ID in other octets, the same IV twice. */
function createWitness() {
  const faults: string[] = [];
  const messages = new Map<string, string>();
  const ivs = new Map<string, string>();
  return {
    faults,
    see({ name }: Station, octets: Uint8Array): void {
      const message = decodeIkeMessage(octets);
      const last = message.payloads.at(-1);
      if (last?.type !== 'SK') return;
      const { initiatorSpi, responderSpi, messageId, isResponse } = message;
      const sa = `${initiatorSpi} ${responderSpi} ${name}`;
      const text = Buffer.from(octets).toString('hex');
      const place = `${sa} ${messageId} ${isResponse}`;
      const iv = `${sa} ${Buffer.from(last.body.subarray(0, 8)).toString('hex')}`;
      if ((messages.get(place) ?? text) !== text) faults.push(`other octets for ${place}`);
      if ((ivs.get(iv) ?? text) !== text) faults.push(`an IV twice: ${iv}`);
      messages.set(place, text);
      ivs.set(iv, text);
    },
  };
}

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
