import type { Random } from '../crypto/random.ts';
import { type Address, addressesEqual, formatAddress, parseAddress } from '../wire/address.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../wire/instant.ts';
import { parsePrefix } from '../wire/prefix.ts';
import type { ChildConfig, ConnectionConfig } from './config.ts';
import type { IkeContext } from './daemon.ts';
import type { StrayLimit } from './stray-limit.ts';
import { tell, type Teller } from './tell.ts';
import { fraction } from './v2/child-lifetime.ts';

/** Where a connection of either version calls, from where, when again, and for which children. */

/** Where this node would call, text; null: it does not know, it waits to be called. */
export function calledAddress({ remote }: Pick<ConnectionConfig, 'remote'>): string | null {
  const [first] = remote;
  if (first === undefined) return null;
  if (parseAddress(first) !== null) return first;
  const prefix = parsePrefix(first);
  const isSingle = prefix !== null && prefix.length === prefix.address.length * 8;
  return isSingle ? (first.split('/')[0] ?? null) : null;
}

function callsThere(connection: Pick<ConnectionConfig, 'remote'>, remote: Address): boolean {
  const called = parseAddress(calledAddress(connection) ?? '');
  return called !== null && addressesEqual(called, remote);
}

/** As much of a caller of either version as says whether it is at work. */
interface AnyCaller {
  readonly connection: ConnectionConfig;
  readonly attempt: number | null;
  readonly retryAt: Instant | null;
  readonly trapped: ReadonlySet<string>;
}

interface Calling<Caller> extends Teller {
  readonly callers: ReadonlyMap<string, Caller>;
  readonly strays: StrayLimit;
}

/** What a caller can be asked and told. */
interface Does<Caller> {
  readonly isConnected: (connection: ConnectionConfig) => boolean;
  readonly want: (caller: Caller, child: ChildConfig) => void;
}

/** Whoever has this address sends by SAs that are not here. What this end would make for a packet of its own, it makes now. */
export function callBack<Caller extends AnyCaller>(core: Calling<Caller>, remote: Address, does: Does<Caller>): void {
  for (const caller of core.callers.values()) {
    const { connection, attempt, retryAt, trapped } = caller;
    const isCalling = attempt !== null || retryAt !== null || does.isConnected(connection);
    const children = connection.children.filter(({ name }) => trapped.has(name));
    if (isCalling || children.length === 0 || !callsThere(connection, remote)) continue;
    if (!core.strays.take(remote, core.now)) return;
    const detail = `${formatAddress(remote)} sends by an SA that is not here: it is called`;
    tell(core, { kind: 'staleSa', connection: connection.name, detail });
    for (const child of children) does.want(caller, child);
  }
}

/** What it calls from: one of the connection's addresses that the node has, or the one that leads there; null: no way. */
export function localAddress(
  { context, addresses }: { readonly context: Pick<IkeContext, 'sourceFor'>; readonly addresses: readonly string[] },
  { local }: Pick<ConnectionConfig, 'local'>,
  remote: string,
): string | null {
  const family = parseAddress(remote)?.length;
  const own = local.filter(address => parseAddress(address)?.length === family);
  if (own.length > 0) {
    const present = own.find(address => addresses.includes(address));
    return present ?? own[0] ?? null;
  }
  return context.sourceFor(remote);
}

/** After so many failures: ever more rarely, and not at the same time as all others that lost the same peer. */
export function retryInstant(now: Instant, failures: number, random: Random): Instant {
  const wait = Math.min(FIRST_RETRY_NS * 2 ** Math.min(failures, 20), LONGEST_RETRY_NS);
  return now + Math.round(wait * (0.5 + 0.5 * fraction(random)));
}

const FIRST_RETRY_NS = 1000 * NS_PER_MS;
const LONGEST_RETRY_NS = 300 * NS_PER_S;

/** Children that are made when a packet wants them. */
export const trappedOf = ({ children }: Pick<ConnectionConfig, 'children'>): string[] =>
  children.filter(({ start }) => start !== 'none').map(({ name }) => name);

/** What becomes of a child that is lost. */
export function afterLoss(
  child: Pick<ChildConfig, 'start' | 'onClose' | 'onDeath'>,
  cause: 'closed' | 'dead' | 'failed',
): 'none' | 'trap' | 'start' {
  switch (cause) {
    case 'closed':
      return child.onClose;
    case 'dead':
      return AFTER_DEATH[child.onDeath];
    case 'failed':
      return child.start === 'start' ? 'start' : 'none';
  }
}

const AFTER_DEATH = { clear: 'none', trap: 'trap', restart: 'start' } as const;
