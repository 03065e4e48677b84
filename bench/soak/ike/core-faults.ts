import type { IkeEffects } from '../../../engine/ike/daemon.ts';
import type { Core } from '../../../engine/ike/v2/core.ts';
import { type IkeSa, isAuthenticated, isKeyed } from '../../../engine/ike/v2/ike-sa.ts';
import { SECRETS } from './ground.ts';

/** What one message may bring about at most: more is work that somebody else decides upon. */
const DATAGRAMS_MAX = 300;
const OTHERS_MAX = 700;

/** Effects that are too many, for one message. */
export function excessIn({ commands, datagrams, events, secrets, fetches }: IkeEffects): string[] {
  const found: string[] = [];
  if (datagrams.length > DATAGRAMS_MAX) found.push(`${datagrams.length} datagrams for one message`);
  for (const [what, list] of Object.entries({ commands, events, fetches })) {
    if (list.length > OTHERS_MAX) found.push(`${list.length} ${what} for one message`);
  }
  if (secrets.length > 0) found.push('secrets, and no key log was asked for');
  return found;
}

/** What a daemon must not remember: tables that contradict each other, or are larger than their limits. */
export function faultsOf(core: Core): string[] {
  const found: string[] = [];
  const expect = (is: boolean, what: string) => {
    if (!is) found.push(what);
  };
  const sas = [...core.sas.values()];
  const { limits } = core.config;
  const strangers = sas.filter(sa => sa.kind === 'halfOpen' || (sa.kind === 'closed' && sa.isStranger));
  const bySource = [...core.halfOpen.bySource.values()];
  expect(core.halfOpen.total === strangers.length, `${strangers.length} half-open, counted ${core.halfOpen.total}`);
  expect(sum(bySource) === strangers.length, `${strangers.length} half-open, by source ${sum(bySource)}`);
  expect(core.halfOpen.total <= limits.halfOpen, `${core.halfOpen.total} half-open`);
  expect(Math.max(0, ...bySource) <= limits.halfOpenPerSource, `${Math.max(0, ...bySource)} half-open of one source`);
  expect(sas.length <= limits.ikeSas, `${sas.length} IKE SAs`);
  expect(core.bySpis.size <= sas.length, `${core.bySpis.size} pairs of SPIs of ${sas.length} IKE SAs`);
  expect(sum([...core.ownSpis.values()]) === sas.length, 'SPIs of IKE SAs that are gone');
  for (const id of core.bySpis.values()) expect(core.sas.has(id), 'SPIs of an IKE SA that is gone');
  expect(core.byRequest.size === core.requestOf.size, 'requests of IKE SAs that are gone');
  for (const id of core.requestOf.keys()) expect(core.sas.has(id), 'a request of an IKE SA that is gone');
  for (const id of core.parked.keys()) expect(core.sas.has(id), 'a message of an IKE SA that is gone');
  const children = sas.flatMap(sa => (isAuthenticated(sa) ? sa.children.map(({ spiIn }) => spiIn) : []));
  expect(sum([...core.childSpis.values()]) === children.length, 'SPIs of children that are gone');
  for (const sa of sas) found.push(...faultsOfSa(sa, limits.childSasPerIkeSa, limits.messageOctets));
  return found;
}

const TASKS_MAX = 64;
/** To one first request. */
const ANSWERS_MAX = 4;

function faultsOfSa(sa: IkeSa, childrenMax: number, octetsMax: number): string[] {
  const { requests, responses } = sa.windows;
  const counts: [string, number, number][] = [
    ['tasks', sa.tasks.length, TASKS_MAX],
    ['requests under way', requests.outstanding.length, Math.max(1, requests.size)],
    ['answers kept', responses.answered.length, 2 * responses.size],
    ['requests that wait', responses.waiting.length, responses.size],
  ];
  if (sa.kind === 'initiating') {
    counts.push(['answers that are believed', sa.attempt.candidates.length + sa.attempt.failed.length, ANSWERS_MAX]);
  }
  if (isKeyed(sa)) {
    counts.push(['messages in pieces', sa.fragments.length, responses.size + requests.size]);
    counts.push(['octets in pieces', Math.max(0, ...sa.fragments.map(({ octets }) => octets)), octetsMax]);
  }
  if (sa.kind === 'halfOpen' || sa.kind === 'authenticating') {
    counts.push(['IKE_INTERMEDIATE exchanges', sa.initial.intermediates.length, 8]);
    counts.push(['certificate requests', sa.initial.certificateRequests.length, 256]);
  }
  if (isAuthenticated(sa)) {
    // One takes the place of another while that is still there.
    counts.push(['children', sa.children.length, 2 * childrenMax]);
    counts.push(['children that linger', sa.lingering.length, 256]);
    counts.push(['tasks put off', sa.delayed.length, TASKS_MAX]);
  }
  return counts
    .filter(([, count, max]) => count > max)
    .map(([what, count]) => `${count} ${what} of a ${sa.kind} IKE SA`);
}

/** Keys and shared secrets that a text shows, in hexadecimal or as base64. */
export function leaksIn(text: string, core: Core): string[] {
  const found = SECRETS.filter(secret => text.includes(secret)).map(() => 'a shared secret is told');
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
