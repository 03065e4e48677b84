import type { Attack, Attempt } from './campaign.ts';

/** Who has keys: without having proven anything, or as a peer that has. */
export type Insider = 'proven' | 'unproven';

/** What is said to one state of a daemon, of either version of IKE. */
export interface Arsenal<Scene extends { readonly name: string }, Trial extends Attempt> {
  readonly unprovenIn: readonly string[];
  /** Without anybody there are no keys. */
  readonly notProvenIn: readonly string[];
  asStranger(scene: Scene, seed: string, messages: number): Trial;
  asInsider(scene: Scene, insider: Insider, seed: string, messages: number): Attempt;
  /** Whether all go on behind it. */
  recovery(scene: Scene, trial: Trial, seed: string): string[];
}

const MESSAGES = { stranger: 250, insider: 60 } as const;
/** Trials of an attack in a row, and how often strangers' ones end with a look whether all go on. */
const ROUND = { stranger: 6, insider: 25 } as const;
const RECOVER_EVERY = 8;

export function attacksIn<Scene extends { readonly name: string }, Trial extends Attempt>(
  scene: Scene,
  arsenal: Arsenal<Scene, Trial>,
): Attack[] {
  const insiders: Insider[] = [];
  if (arsenal.unprovenIn.includes(scene.name)) insiders.push('unproven');
  if (!arsenal.notProvenIn.includes(scene.name)) insiders.push('proven');
  const stranger: Attack = {
    name: `stranger/${scene.name}`,
    round: ROUND.stranger,
    attempt(seed, number) {
      const trial = arsenal.asStranger(scene, seed, MESSAGES.stranger);
      const { messages, octetsIn, octetsOut } = trial;
      const looksOn = number % RECOVER_EVERY === 0 && trial.findings.length === 0;
      const findings = looksOn ? arsenal.recovery(scene, trial, seed) : trial.findings;
      return { findings, messages, octetsIn, octetsOut };
    },
  };
  const others = insiders.map((insider): Attack => {
    const attempt = (seed: string): Attempt => arsenal.asInsider(scene, insider, seed, MESSAGES.insider);
    return { name: `${insider}/${scene.name}`, round: ROUND.insider, attempt };
  });
  return [stranger, ...others];
}
