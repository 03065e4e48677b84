import { heapOctets, mebi } from './heap.ts';
import type { Material } from './ike/hostile-messages.ts';
import { type Insider, tryAsInsider } from './ike/insider.ts';
import { material } from './ike/material.ts';
import { type Scene, scenes } from './ike/scenes.ts';
import { recovery, tryAsStranger } from './ike/stranger.ts';
import type { Trial } from './ike/trial.ts';
import type { Table } from './report.ts';

const MESSAGES = { stranger: 250, insider: 60 } as const;
/** Trials of a campaign in a row, and how often strangers' ones end with a look whether all go on. */
const ROUND = { stranger: 6, insider: 25 } as const;
const RECOVER_EVERY = 8;
const GROWTH_MAX_OCTETS = 8 * 2 ** 20;
/** In less than this a heap is still warming up. */
const GROWTH_FROM = 200_000;
const REPORT_EVERY = 100_000;
const FINDINGS_MAX = 20;
/** A trial is done in a few hundredths of a second; this is no measurement. */
const TRIAL_MAX_MS = 20_000;

/** One sort of attacker before one state of Bob's. */
interface Campaign {
  readonly name: string;
  readonly scene: Scene;
  readonly attacker: 'stranger' | Insider;
  trials: number;
  messages: number;
  octetsIn: number;
  octetsOut: number;
  ms: number;
}

const UNPROVEN_IN = [
  'half-open',
  'half-open-certificates',

  'mid-intermediate',
  'fetching',
  'authenticating',
];
/** Without anybody there are no keys. */
const NOT_PROVEN_IN = ['alone', 'calling'];

/**
 * `messages` hostile IKE messages at a daemon in each of its states: from strangers, from whoever has keys and no proof, and from
 * a peer that has both. Nothing may be thrown or grow, nobody's IKE SA may be harmed by those whose it is not, strangers may have
 * the node do nothing, and no key may be told. `only`: one trial by its name, as a finding gives it.
 */
export function soakIkeFuzz(messages: number, seed: string, onProgress: (text: string) => void, only?: string): Table {
  const began = performance.now();
  const said = material();
  const campaigns = scenes().flatMap(campaignsIn);
  const findings: string[] = [];
  if (only !== undefined) return tableOf(campaigns, [...replayed(campaigns, said, seed, only)], [0, 0], began);
  let [done, told, early] = [0, 0, 0];
  while (done < messages && findings.length < FINDINGS_MAX) {
    for (const campaign of campaigns) {
      const rounds = campaign.attacker === 'stranger' ? ROUND.stranger : ROUND.insider;
      for (let i = 0; i < rounds && done < messages; i++) {
        const before = campaign.messages;
        for (const finding of oneTrial(campaign, campaign.trials, said, seed)) {
          const replay = `npm run soak -- ike-fuzz --seed ${seed} --trial ${campaign.name}/${campaign.trials}`;
          if (findings.length < FINDINGS_MAX) findings.push(`${finding}\n    replay: ${replay}`);
        }
        campaign.trials++;
        done += campaign.messages - before;
      }
    }
    if (early === 0 && done >= messages / 4) early = heapOctets();
    if (done - told >= REPORT_EVERY) onProgress(progressText((told = done), messages, began));
  }
  const late = heapOctets();
  if (messages >= GROWTH_FROM && late - early > GROWTH_MAX_OCTETS)
    findings.push(`memory grew by ${mebi(late - early)}`);
  return tableOf(campaigns, findings, [early, late], began);
}

function campaignsIn(scene: Scene): Campaign[] {
  const attackers: Campaign['attacker'][] = ['stranger'];
  if (UNPROVEN_IN.includes(scene.name)) attackers.push('unproven');
  if (!NOT_PROVEN_IN.includes(scene.name)) attackers.push('proven');
  const none = { trials: 0, messages: 0, octetsIn: 0, octetsOut: 0, ms: 0 };
  return attackers.map(attacker => ({ name: `${attacker}/${scene.name}`, scene, attacker, ...none }));
}

/** What was found in one trial. */
function oneTrial(campaign: Campaign, number: number, said: Material, seed: string): string[] {
  const began = performance.now();
  const { scene, attacker, name } = campaign;
  const own = `${seed}/${name}/${number}`;
  try {
    const trial =
      attacker === 'stranger'
        ? tryAsStranger(scene, said, own, MESSAGES.stranger)
        : tryAsInsider(scene, said, attacker, own, MESSAGES.insider);
    const found = [...trial.findings];
    if (attacker === 'stranger' && number % RECOVER_EVERY === 0 && found.length === 0) {
      found.push(...recovery(scene, trial.core, own));
    }
    count(campaign, trial);
    const ms = performance.now() - began;
    campaign.ms += ms;
    if (ms > TRIAL_MAX_MS) found.push(`${trial.messages} messages took ${(ms / 1000).toFixed(0)} s`);
    return found;
  } catch (error) {
    campaign.messages++;
    return [`thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}

function count(campaign: Campaign, { messages, octetsIn, octetsOut }: Trial): void {
  campaign.messages += messages;
  campaign.octetsIn += octetsIn;
  campaign.octetsOut += octetsOut;
}

function* replayed(campaigns: readonly Campaign[], said: Material, seed: string, only: string): Generator<string> {
  const [, name, number] = /^(.*)\/(\d+)$/.exec(only) ?? [];
  const campaign = campaigns.find(one => one.name === name);
  if (campaign === undefined) yield `no trial is called ${only}: ${campaigns[0]?.name ?? ''}/0 is one`;
  else yield* oneTrial(campaign, Number(number), said, seed);
}

function progressText(done: number, messages: number, began: number): string {
  const seconds = (performance.now() - began) / 1000;
  const left = (seconds / done) * (messages - done);
  return `${done} of ${messages} messages, ${(done / seconds).toFixed(0)}/s, ${left.toFixed(0)} s to go`;
}

function tableOf(
  campaigns: readonly Campaign[],
  findings: readonly string[],
  [early, late]: readonly [number, number],
  began: number,
): Table {
  const rows = campaigns
    .filter(({ messages }) => messages > 0)
    .map(({ name, trials, messages, octetsIn, octetsOut, ms }) => [
      name,
      String(messages),
      String(trials),
      (octetsOut / octetsIn).toFixed(3),
      `${((messages / ms) * 1000).toFixed(0)}/s`,
    ]);
  const total = campaigns.reduce((sum, { messages }) => sum + messages, 0);
  const seconds = (performance.now() - began) / 1000;
  return {
    title: `hostile IKE messages: ${total} in ${seconds.toFixed(0)} s; memory ${mebi(early)} at 1/4, ${mebi(late)} at the end`,
    headings: ['from/in', 'messages', 'trials', 'octets out per octet in', 'rate'],
    rows,
    findings,
  };
}
