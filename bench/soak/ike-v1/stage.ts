import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeDaemon, IkeDatagram } from '../../../engine/ike/daemon.ts';
import type { IkeSteps } from '../../../engine/ike/steps.ts';
import { Network, type Station } from '../../../engine/ike/testing/network.ts';
import { settle } from '../../../engine/ike/v1/apply.ts';
import { type Core, createCore } from '../../../engine/ike/v1/core.ts';
import { v1DaemonOf } from '../../../engine/ike/v1/create.ts';
import { storeSa } from '../../../engine/ike/v1/sa-table.ts';
import { V1_STEPS, type V1Steps } from '../../../engine/ike/v1/steps.ts';
import { createSeeded } from '../../../engine/ipsec/testing/seeded.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import type { Instant } from '../../../engine/wire/instant.ts';
import { cookieOf } from '../../../engine/wire/isakmp/header.ts';
import type { ClearIsakmpMessage } from '../../../engine/wire/isakmp/message.ts';
import { u32At } from '../../../engine/wire/octets.ts';
import { createDice } from '../ike/dice.ts';
import { ADDRESSES, BOB, PEERS, type Peer } from '../ike/ground.ts';
import { bobConfig, peerConfig } from './ground.ts';

/** Bob and his peers on one link, and what each daemon of IKEv1 remembers. */
export class Stage extends Network {
  readonly cores = new Map<IkeDaemon, Core>();
  /** What was said, before it was sealed. */
  readonly said: ClearIsakmpMessage[] = [];
  /** Datagrams that reached whom they were for. */
  readonly arrived: IkeDatagram[] = [];
  /** Datagrams that are kept from arriving, until they are released. */
  readonly held: IkeDatagram[] = [];
  /** Their messages: nobody has seen those, so no stranger can know what proves somebody in them. */
  readonly unseen = new Set<ClearIsakmpMessage>();
  /** Decides which; it sees the message as it was before it was sealed. */
  holds: (message: ClearIsakmpMessage, from: string) => boolean = () => false;
  readonly bob: Station;
  readonly peers: Readonly<Record<Peer, Station>>;
  readonly #seed: string;

  constructor(seed: string, limits: Partial<IkeConfig['limits']> = {}) {
    super(seed);
    this.#seed = seed;
    this.intercept = (datagram, from) => {
      const message = this.#messageOf(datagram);
      if (message !== null && this.holds(message, from.name)) {
        this.held.push(datagram);
        this.unseen.add(message);
        return [];
      }
      this.arrived.push(datagram);
      return [datagram];
    };
    this.bob = this.add('bob', [BOB], bobConfig(limits));
    this.peers = Object.fromEntries(
      PEERS.map(peer => [peer, this.add(peer, [ADDRESSES[peer]], peerConfig(peer))]),
    ) as Record<Peer, Station>;
    this.run(1); // they begin
  }

  override makeDaemon(seed: string, addresses: readonly string[], config: IkeConfig, _steps: IkeSteps): IkeDaemon {
    const steps: V1Steps = {
      ...V1_STEPS,
      outgoing: message => {
        this.said.push(message);
        return message;
      },
    };
    const core = createCore(config, contextOf(`${this.#seed} ${seed}`, addresses), steps);
    const daemon = v1DaemonOf(core);
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
  #messageOf({ octets }: IkeDatagram): ClearIsakmpMessage | null {
    const cookie = cookieOf(octets.subarray(0, 8));
    const [type = 0, id] = [octets[18], u32At(octets, 20)];
    const isIt = ({ exchangeType, messageId, initiatorCookie }: ClearIsakmpMessage) =>
      exchangeType === type && messageId === id && initiatorCookie === cookie;
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
  readonly said: readonly ClearIsakmpMessage[];
}

export function snapshotOf(stage: Stage): Snapshot {
  return {
    now: stage.now,
    bob: stage.coreOf(stage.bob),
    peers: Object.fromEntries(PEERS.map(peer => [peer, stage.coreOf(stage.peers[peer])])) as Record<Peer, Core>,
    held: stage.held,
    commands: new Map(stage.stations.map(({ name, commands }) => [name, [...commands]])),
    arrived: stage.arrived.map(({ octets }) => octets),
    said: stage.said.filter(message => !stage.unseen.has(message)),
  };
}

/** The same stage with other random octets, to go on from there. */
export function restored(snapshot: Snapshot, bob: Core, seed: string): Stage {
  const stage = new Stage(seed);
  stage.now = Math.max(snapshot.now, bob.now);
  for (const station of stage.stations) {
    const core = station === stage.bob ? bob : copyOf(snapshot.peers[station.name as Peer], `${seed} ${station.name}`);
    station.daemon = v1DaemonOf(core);
    stage.cores.set(station.daemon, core);
    station.commands.length = 0;
    station.events.length = 0;
    station.commands.push(...(snapshot.commands.get(station.name) ?? []));
  }
  return stage;
}

/** A daemon's memory once more, with other random octets to come. ISAKMP SAs are values, which nobody changes. */
export function copyOf(core: Core, seed: string, steps: V1Steps = V1_STEPS): Core {
  const context = { ...core.context, random: createDice(seed) };
  const copy = createCore(core.config, context, steps);
  Object.assign(copy, { now: core.now, isStarted: core.isStarted, addresses: core.addresses });
  copy.names.nextId = core.names.nextId;
  for (const sa of core.sas.values()) storeSa(copy, sa);
  for (const [digest, id] of core.byRequest) copy.byRequest.set(digest, id);
  for (const [id, digest] of core.requestOf) copy.requestOf.set(id, digest);
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
