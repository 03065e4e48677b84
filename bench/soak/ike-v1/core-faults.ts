import type { Core } from '../../../engine/ike/v1/core.ts';
import { type IsakmpSa, isKeyed, isStranger } from '../../../engine/ike/v1/isakmp-sa.ts';
import { SECRETS } from '../ike/ground.ts';
import { PASSWORD } from './ground.ts';

/** What a daemon must not remember: tables that contradict each other, or are larger than their limits. */
export function faultsOf(core: Core): string[] {
  const found: string[] = [];
  const expect = (is: boolean, what: string) => {
    if (!is) found.push(what);
  };
  const sas = [...core.sas.values()];
  const { limits } = core.config;
  const strangers = sas.filter(isStranger);
  const bySource = [...core.halfOpen.bySource.values()];
  expect(core.halfOpen.total === strangers.length, `${strangers.length} half-open, counted ${core.halfOpen.total}`);
  expect(sum(bySource) === strangers.length, `${strangers.length} half-open, by source ${sum(bySource)}`);
  expect(core.halfOpen.total <= limits.halfOpen, `${core.halfOpen.total} half-open`);
  expect(Math.max(0, ...bySource) <= limits.halfOpenPerSource, `${Math.max(0, ...bySource)} half-open of one source`);
  expect(sas.length <= limits.ikeSas, `${sas.length} ISAKMP SAs`);
  expect(core.byCookies.size === sas.length, `${core.byCookies.size} pairs of cookies of ${sas.length} ISAKMP SAs`);
  expect(core.ownCookies.size === sas.length, 'cookies of ISAKMP SAs that are gone');
  for (const id of core.byCookies.values()) expect(core.sas.has(id), 'cookies of an ISAKMP SA that is gone');
  expect(core.byRequest.size === core.requestOf.size, 'requests of ISAKMP SAs that are gone');
  for (const id of core.requestOf.keys()) expect(core.sas.has(id), 'a request of an ISAKMP SA that is gone');
  const children = sas.flatMap(sa => (sa.kind === 'established' ? sa.children.map(({ spiIn }) => spiIn) : []));
  expect(sum([...core.names.childSpis.values()]) === children.length, 'SPIs of children that are gone');
  for (const sa of sas) found.push(...faultsOfSa(sa, limits.childSasPerIkeSa, limits.messageOctets));
  return found;
}

const TASKS_MAX = 64;
const EXCHANGES_MAX = 256;
const USED_IDS_MAX = 4096;

function faultsOfSa(sa: IsakmpSa, childrenMax: number, octetsMax: number): string[] {
  const counts: [string, number, number][] = [
    ['tasks', sa.tasks.length, TASKS_MAX],
    ['octets in pieces', sa.fragments?.octets ?? 0, octetsMax],
    ['pieces', sa.fragments?.pieces.size ?? 0, 255],
    ['datagrams to be repeated', sa.conversation.sent.length, 255],
  ];
  if (sa.kind === 'halfOpen') counts.push(['certificate requests', sa.certificateRequests.length, 128]);
  if (sa.kind === 'established') {
    // One takes the place of another while that is still there.
    counts.push(['children', sa.children.length, 2 * childrenMax]);
    counts.push(['children that linger', sa.lingering.length, 256]);
    counts.push(['tasks put off', sa.delayed.length, TASKS_MAX]);
    counts.push(['exchanges', sa.exchanges.length, EXCHANGES_MAX]);
    counts.push(['Message IDs', sa.usedIds.length, USED_IDS_MAX]);
  }
  return counts
    .filter(([, count, max]) => count > max)
    .map(([what, count]) => `${count} ${what} of a ${sa.kind} ISAKMP SA`);
}

/** Keys, shared secrets and passwords that a text shows, in hexadecimal, as base64 or as they are. */
export function leaksIn(text: string, core: Core): string[] {
  const found = SECRETS.filter(secret => text.includes(secret)).map(() => 'a shared secret is told');
  if (text.includes(PASSWORD)) found.push('a password is told');
  for (const sa of core.sas.values()) {
    if (!isKeyed(sa)) continue;
    for (const [name, key] of Object.entries(sa.keys) as [string, Uint8Array][]) {
      if (key.length === 0) continue;
      const octets = Buffer.from(key);
      if (text.includes(octets.toString('hex')) || text.includes(octets.toString('base64')))
        found.push(`${name} is told`);
    }
  }
  return found;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
