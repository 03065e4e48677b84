import type { Table } from './report.ts';
import { type Arsenal, attacksIn } from './ike/attacks.ts';
import { wageCampaign } from './ike/campaign.ts';
import { tryAsInsider } from './ike/insider.ts';
import { material } from './ike/material.ts';
import { type Scene, scenes } from './ike/scenes.ts';
import { recovery, tryAsStranger } from './ike/stranger.ts';
import type { Trial } from './ike/trial.ts';

const ARSENAL: Arsenal<Scene, Trial> = {
  unprovenIn: ['half-open', 'half-open-certificates', 'mid-intermediate', 'fetching', 'authenticating'],
  notProvenIn: ['alone', 'calling'],
  asStranger: (scene, seed, count) => tryAsStranger(scene, material(), seed, count),
  asInsider: (scene, insider, seed, count) => tryAsInsider(scene, material(), insider, seed, count),
  recovery: (scene, trial, seed) => recovery(scene, trial.core, seed),
};

/**
 * `messages` hostile messages of IKEv2 at a daemon in each of its states: from strangers, from whoever has keys and no proof, and
 * from a peer that has both. Nothing may be thrown or grow, nobody's IKE SA may be harmed by those whose it is not, strangers may
 * have the node do nothing, and no key may be told. `only`: one trial by its name, as a finding gives it.
 */
export function soakIkeFuzz(messages: number, seed: string, onProgress: (text: string) => void, only?: string): Table {
  const options = { part: 'ike-fuzz', title: 'hostile IKE messages', messages, seed, onProgress, only };
  return wageCampaign(
    scenes().flatMap(scene => attacksIn(scene, ARSENAL)),
    options,
  );
}
