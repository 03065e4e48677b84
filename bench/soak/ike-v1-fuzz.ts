import type { Table } from './report.ts';
import { type Attack, type Attempt, wageCampaign } from './ike/campaign.ts';
import { type Insider, tryAsInsider } from './ike-v1/insider.ts';
import { material } from './ike-v1/material.ts';
import { type Scene, scenes } from './ike-v1/scenes.ts';
import { recovery, tryAsStranger } from './ike-v1/stranger.ts';

const MESSAGES = { stranger: 250, insider: 60 } as const;
/** Trials of an attack in a row, and how often strangers' ones end with a look whether all go on. */
const ROUND = { stranger: 6, insider: 25 } as const;
const RECOVER_EVERY = 8;

const UNPROVEN_IN = [
  'half-open',
  'half-open-certificates',
  'half-open-aggressive',
  'mid-fragment',
  'asking-user',
  'proving',
];
/** Without anybody there are no keys. */
const NOT_PROVEN_IN = ['alone', 'answered', 'calling', 'exchanging'];

/**
 * `messages` hostile messages of IKEv1 at a daemon in each of its states: from strangers, from whoever has keys and no proof, and
 * from a peer that has both. Nothing may be thrown or grow, nobody's ISAKMP SA may be harmed by those whose it is not, strangers may
 * have the node do nothing, and no key may be told. `only`: one trial by its name, as a finding gives it.
 */
export function soakIkeV1Fuzz(
  messages: number,
  seed: string,
  onProgress: (text: string) => void,
  only?: string,
): Table {
  const options = { part: 'ike-v1-fuzz', title: 'hostile messages of IKEv1', messages, seed, onProgress, only };
  return wageCampaign(scenes().flatMap(attacksIn), options);
}

function attacksIn(scene: Scene): Attack[] {
  const insiders: Insider[] = [];
  if (UNPROVEN_IN.includes(scene.name)) insiders.push('unproven');
  if (!NOT_PROVEN_IN.includes(scene.name)) insiders.push('proven');
  return [
    {
      name: `stranger/${scene.name}`,
      round: ROUND.stranger,
      attempt: (seed, number) => asStranger(scene, seed, number),
    },
    ...insiders.map(
      (insider): Attack => ({
        name: `${insider}/${scene.name}`,
        round: ROUND.insider,
        attempt: seed => tryAsInsider(scene, material(), insider, seed, MESSAGES.insider),
      }),
    ),
  ];
}

function asStranger(scene: Scene, seed: string, number: number): Attempt {
  const trial = tryAsStranger(scene, material(), seed, MESSAGES.stranger);
  const { messages, octetsIn, octetsOut } = trial;
  const looksOn = number % RECOVER_EVERY === 0 && trial.findings.length === 0;
  const findings = looksOn ? recovery(scene, trial.core, seed) : trial.findings;
  return { findings, messages, octetsIn, octetsOut };
}
