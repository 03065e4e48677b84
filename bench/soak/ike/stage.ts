import type { IkeConfig } from '../../../engine/ike/config.ts';
import { daemonOf } from '../../../engine/ike/create.ts';
import type { IkeDaemon, IkeDatagram } from '../../../engine/ike/daemon.ts';
import { type IkeSteps, STEPS } from '../../../engine/ike/steps.ts';
import { Network, type Station } from '../../../engine/ike/testing/network.ts';
import { settle } from '../../../engine/ike/v2/apply.ts';
import { type Core, createCore } from '../../../engine/ike/v2/core.ts';
import { storeSa } from '../../../engine/ike/v2/sa-table.ts';
import { createSeeded } from '../../../engine/ipsec/testing/seeded.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Instant } from '../../../engine/wire/instant.ts';
import { createDice } from './dice.ts';
import { ADDRESSES, BOB, bobConfig, PEERS, type Peer, peerConfig } from './ground.ts';

/** Bob and his peers on one link, and what each daemon remembers. */
export class Stage extends Network {
  readonly cores = new Map<IkeDaemon, Core>();
  /** What was said, before it was sealed. */
  readonly said: IkeMessage[] = [];
  /** Datagrams that reached whom they were for. */
  readonly arrived: IkeDatagram[] = [];
  /** Datagrams that are kept from arriving, until they are released. */
  readonly held: IkeDatagram[] = [];
  /** Decides which; it sees the message as it was before it was sealed. */
  holds: (message: IkeMessage, from: string) => boolean = () => false;
  readonly bob: Station;
  readonly peers: Readonly<Record<Peer, Station>>;
  #latest: IkeMessage | null = null;
  readonly #seed: string;

  constructor(seed: string, limits: Partial<IkeConfig['limits']> = {}) {
    super(seed);
    this.#seed = seed;
    const steps: IkeSteps = {
      ...STEPS,
      outgoing: message => {
        this.said.push(message);
        this.#latest = message;
        return message;
      },
    };
    this.intercept = (datagram, from) => {
      const message = this.#messageOf(datagram);
      if (message !== null && this.holds(message, from.name)) {
        this.held.push(datagram);
        return [];
      }
      this.arrived.push(datagram);
      return [datagram];
    };
    this.bob = this.add('bob', [BOB], bobConfig(limits), steps);
    this.peers = Object.fromEntries(
      PEERS.map(peer => [peer, this.add(peer, [ADDRESSES[peer]], peerConfig(peer), steps)]),
    ) as Record<Peer, Station>;
    this.run(1); // they begin
  }

  override makeDaemon(seed: string, addresses: readonly string[], config: IkeConfig, steps: IkeSteps): IkeDaemon {
    const core = createCore(config, contextOf(`${this.#seed} ${seed}`, addresses), steps);
    const daemon = daemonOf(core);
    this.cores.set(daemon, core);
    return daemon;
  }

  coreOf({ daemon }: Station): Core {
    const core = this.cores.get(daemon);
    if (core === undefined) throw new Error('a daemon of another stage');
    return core;
  }

  call(peer: Peer): void {
    this.command(this.peers[peer], { kind: 'initiate', child: peer });
    this.run(2000, () => this.coreOf(this.bob).sas.size > 0 && this.isEstablished(peer));
    this.run(500);
  }

  isEstablished(peer: Peer): boolean {
    const sas = this.peers[peer].daemon.status(this.now).sas;
    return sas.some(({ state, children }) => state === 'established' && children.length > 0);
  }

  /** What a datagram says: the last message of its header that was made. */
  #messageOf({ octets }: IkeDatagram): IkeMessage | null {
    const [type = 0, flags = 0] = [octets[18], octets[19]];
    const latest = this.#latest;
    if (latest?.exchangeType === type && latest.isResponse === ((flags & 0x20) !== 0)) return latest;
    const isIt = (message: IkeMessage) =>
      message.exchangeType === type && message.isResponse === ((flags & 0x20) !== 0);
    return this.said.findLast(isIt) ?? null;
  }
}

/** How a stage stood at one moment: as often as wanted, the same again. */
export interface Snapshot {
  readonly now: Instant;
  readonly bob: Core;
  readonly peers: Readonly<Record<Peer, Core>>;
  readonly held: readonly IkeDatagram[];
  readonly commands: ReadonlyMap<string, readonly NodeCommand[]>;
  readonly arrived: readonly Uint8Array[];
  readonly said: readonly IkeMessage[];
}

export function snapshotOf(stage: Stage): Snapshot {
  return {
    now: stage.now,
    bob: stage.coreOf(stage.bob),
    peers: Object.fromEntries(PEERS.map(peer => [peer, stage.coreOf(stage.peers[peer])])) as Record<Peer, Core>,
    held: stage.held,
    commands: new Map(stage.stations.map(({ name, commands }) => [name, [...commands]])),
    arrived: stage.arrived.map(({ octets }) => octets),
    said: stage.said,
  };
}

/** The same stage with other random octets, to go on from there. */
export function restored(snapshot: Snapshot, bob: Core, seed: string): Stage {
  const stage = new Stage(seed);
  stage.now = Math.max(snapshot.now, bob.now);
  for (const station of stage.stations) {
    const core = station === stage.bob ? bob : copyOf(snapshot.peers[station.name as Peer], `${seed} ${station.name}`);
    station.daemon = daemonOf(core);
    stage.cores.set(station.daemon, core);
    station.commands.length = 0;
    station.events.length = 0;
    station.commands.push(...(snapshot.commands.get(station.name) ?? []));
  }
  return stage;
}

/**
 * A daemon's memory once more, with other random octets to come. IKE SAs are values, which nobody changes; cookies and limits of
 * rates begin anew.
 */
export function copyOf(core: Core, seed: string, steps: IkeSteps = STEPS): Core {
  const context = { ...core.context, random: createDice(seed) };
  const copy = createCore(core.config, context, steps);
  Object.assign(copy, {
    now: core.now,
    isStarted: core.isStarted,
    addresses: core.addresses,
    tickets: core.tickets,
  });
  copy.names.nextId = core.names.nextId;
  copy.names.nextFetchId = core.names.nextFetchId;
  for (const sa of core.sas.values()) storeSa(copy, sa);
  for (const [digest, id] of core.byRequest) copy.byRequest.set(digest, id);
  for (const [id, digest] of core.requestOf) copy.requestOf.set(id, digest);
  for (const [id, parked] of core.parked) copy.parked.set(id, parked);
  for (const [name, caller] of core.callers) {
    copy.callers.set(name, { ...caller, wanted: new Map(caller.wanted), trapped: new Set(caller.trapped) });
    if (caller.retryAt !== null) copy.alarms.set(caller.alarmId, caller.retryAt);
  }
  settle(copy);
  return copy;
}

function contextOf(seed: string, addresses: readonly string[]) {
  return {
    random: createSeeded(seed),
    epochSeconds: (now: Instant) => 1_800_000_000 + now / 1e9,
    lastHeard: () => null,
    sourceFor: (destination: string) =>
      addresses.find(address => address.includes(':') === destination.includes(':')) ?? null,
  };
}
