import type { Random } from '../engine/crypto/random.ts';
import { createIkeDaemon } from '../engine/ike/create.ts';
import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects, IkeEvent, IkeSecrets } from '../engine/ike/daemon.ts';
import type { NodeCommand } from '../engine/node/node.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../engine/wire/instant.ts';
import { PAIR_ADDRESSES, PAIR_EPOCH_SECONDS, type PairConfigs } from './ike-pair-config.ts';

export type PairEnd = 'initiator' | 'responder';

/** Two daemons and a wire between them, without nodes: virtual time, nothing is lost. Whatever they do is told to `watch`. */
export interface IkePair {
  readonly daemons: Readonly<Record<PairEnd, IkeDaemon>>;
  now(): Instant;
  command(end: PairEnd, command: IkeCommand): void;
  /** Runs until nothing is on the wire and nothing is due within so many milliseconds. */
  settle(withinMs: number): void;
}

export interface PairWatch {
  sent?(from: PairEnd, datagram: IkeDatagram): void;
  noted?(end: PairEnd, event: IkeEvent): void;
  commanded?(end: PairEnd, command: NodeCommand): void;
  revealed?(end: PairEnd, secrets: IkeSecrets): void;
}

/** What was before: a responder that others have talked to, and when that was. */
export interface PairPast {
  readonly responder?: IkeDaemon;
  readonly at: Instant;
}

/** How long a datagram is on its way. */
const DELAY_NS = NS_PER_MS;
/** Datagrams after which two daemons that go on talking are stopped. */
const DATAGRAMS_MAX = 10_000;

export function createIkePair(
  configs: PairConfigs,
  randoms: Readonly<Record<PairEnd, Random>>,
  watch: PairWatch = {},
  before: PairPast = { at: 0 },
): IkePair {
  let now: Instant = before.at;
  const wire: { readonly to: PairEnd; readonly datagram: IkeDatagram }[] = [];
  const daemonOf = (end: PairEnd) =>
    createIkeDaemon(configs[end], {
      random: randoms[end],
      epochSeconds: at => PAIR_EPOCH_SECONDS + Math.floor(at / NS_PER_S),
      sourceFor: () => PAIR_ADDRESSES[end],
      lastHeard: () => null,
    });
  const daemons = { initiator: daemonOf('initiator'), responder: before.responder ?? daemonOf('responder') };

  function take(end: PairEnd, effects: IkeEffects): void {
    for (const command of effects.commands) watch.commanded?.(end, command);
    for (const event of effects.events) watch.noted?.(end, event);
    for (const secrets of effects.secrets) watch.revealed?.(end, secrets);
    for (const datagram of effects.datagrams) {
      watch.sent?.(end, datagram);
      const { local, localPort, remote, remotePort, octets } = datagram;
      wire.push({
        to: end === 'initiator' ? 'responder' : 'initiator',
        datagram: {
          local: remote,
          localPort: remotePort,
          remote: local,
          remotePort: localPort,
          octets: octets.slice(),
        },
      });
    }
  }

  function deliver(): void {
    now += DELAY_NS;
    for (const { to, datagram } of wire.splice(0)) take(to, daemons[to].receive([datagram], now));
  }

  /** Whether anything was due. */
  function wake(until: Instant): boolean {
    const due = (['initiator', 'responder'] as const).flatMap(end => {
      const at = daemons[end].wakeAt();
      return at === null || at > until ? [] : [{ end, at }];
    });
    const [first] = due.sort((a, b) => a.at - b.at);
    if (first === undefined) return false;
    now = Math.max(now, first.at);
    take(first.end, daemons[first.end].wake(now));
    return true;
  }

  for (const end of ['initiator', 'responder'] as const) {
    take(end, daemons[end].command({ kind: 'addresses', addresses: [PAIR_ADDRESSES[end]] }, now));
  }
  return {
    daemons,
    now: () => now,
    command: (end, command) => take(end, daemons[end].command(command, now)),
    settle(withinMs) {
      const until = now + withinMs * NS_PER_MS;
      for (let i = 0; wire.length > 0 || wake(until); i++) {
        if (wire.length > 0) deliver();
        if (i > DATAGRAMS_MAX) throw new Error('the two daemons do not come to an end');
      }
    },
  };
}
