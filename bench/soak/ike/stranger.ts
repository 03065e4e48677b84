import { type IkeSteps, STEPS } from '../../../engine/ike/steps.ts';
import { type IkeSa, isAuthenticated, isKeyed } from '../../../engine/ike/v2/ike-sa.ts';
import { carriesTraffic, sasOf } from '../../../engine/ike/testing/node-sas.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { Core } from '../../../engine/ike/v2/core.ts';
import type { Peer } from './ground.ts';
import { fromAnywhere, type Material, strangersMessage } from './hostile-messages.ts';
import type { Scene } from './scenes.ts';
import { restored, type Stage } from './stage.ts';
import { Trial } from './trial.ts';

/** So many messages of somebody without keys, to Bob in this scene: nothing comes of them but half-open IKE SAs. */
export function tryAsStranger(
  scene: Scene,
  material: Material,
  seed: string,
  count: number,
  steps: IkeSteps = STEPS,
): Trial {
  const trial = new Trial(scene, seed, steps);
  const { core, dice } = trial;
  const before = [...core.sas.values()];
  while (trial.messages < count && trial.findings.length === 0) {
    trial.now += dice.below(2 * NS_PER_MS);
    trial.receive(fromAnywhere(strangersMessage(before, material, scene.snapshot.arrived, dice), dice));
    if (trial.commands.length > 0) trial.findings.push(`a stranger has the node do ${trial.commands[0]?.kind}`);
  }
  for (const sa of before) {
    const harm = harmTo(sa, core.sas.get(sa.id));
    if (harm !== null) trial.findings.push(`${sa.connection.name}'s IKE SA, ${sa.kind}: ${harm}`);
  }
  const known = new Set(before.map(({ id }) => id));
  for (const sa of core.sas.values()) {
    // Whoever answers what Bob has asked in the clear is believed until it has to prove itself, RFC 7296 §2.4.
    const isAnswer = sa.kind === 'authenticating' && AWAITING.includes(scene.name);
    if (known.has(sa.id) || sa.kind === 'halfOpen' || isAnswer) continue;
    trial.findings.push(`a stranger has an IKE SA that is ${sa.kind}`);
  }
  trial.look();
  return trial;
}

/** Scenes in which Bob waits for an answer to his first request. */
const AWAITING = ['calling', 'authenticating'];

/** What a stranger has done to an IKE SA; null: nothing. */
function harmTo(before: IkeSa, after: IkeSa | undefined): string | null {
  if (after === undefined) return 'it is gone';
  if (after.kind !== before.kind) return `it is ${after.kind}`;
  if (!isKeyed(before) || !isKeyed(after)) return null;
  if (after.keys !== before.keys) return 'it has other keys';
  // The answer to what it was asked before may be sent again.
  if (after.windows.responses.expectedId !== before.windows.responses.expectedId) return 'it has answered something';
  if (after.windows.requests.nextId > before.windows.requests.nextId + 1)
    return 'it has asked more than a hint is worth';
  if (after.path !== before.path) return 'it is elsewhere';
  if (after.fragments !== before.fragments) return 'it has taken a fragment';
  if (isAuthenticated(before) && isAuthenticated(after) && after.children !== before.children) {
    return 'it has other children';
  }
  return null;
}

/** Whether Bob and his peers go on as if nothing had been: what was on its way arrives, all rekey, all live. */
export function recovery(scene: Scene, core: Core, seed: string): string[] {
  const stage = restored(scene.snapshot, core, seed);
  for (const datagram of scene.snapshot.held) stage.inject(datagram);
  stage.run(3000);
  for (const { id } of stage.bob.fetches) stage.command(stage.bob, { kind: 'fetched', id, content: null });
  for (const waiting of core.parked.values()) {
    for (const id of waiting.waitsFor.keys()) stage.command(stage.bob, { kind: 'fetched', id, content: null });
  }
  stage.run(30_000);
  const { peer } = scene;
  stage.command(stage.peers[peer], { kind: 'initiate', child: peer });
  stage.run(120_000, () => stage.isEstablished(peer) && goes(stage, peer));
  stage.run(8000); // until what was replaced has left
  try {
    return [...problems(stage, peer), ...problems(stage, 'carol')];
  } catch (error) {
    return [`the node is told what cannot be: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function problems(stage: Stage, peer: Peer): string[] {
  if (!stage.isEstablished(peer)) return [`${peer} does not get an IKE SA any more`];
  if (!goes(stage, peer)) return [`no traffic with ${peer}`];
  const events = stage.bob.events.length;
  stage.command(stage.bob, { kind: 'rekey', child: peer });
  stage.run(3000);
  stage.command(stage.peers[peer], { kind: 'rekey', ike: 'bob' });
  stage.run(3000);
  const kinds = stage.bob.events.slice(events).map(({ kind }) => kind);
  const found: string[] = [];
  if (!kinds.includes('childRekeyed')) found.push(`the child of ${peer} is not rekeyed`);
  if (!kinds.includes('ikeRekeyed')) found.push(`the IKE SA of ${peer} is not rekeyed`);
  stage.run(70_000); // twice the time of liveness
  if (!stage.isEstablished(peer) || !goes(stage, peer)) found.push(`${peer} is lost after a rekey`);
  const { halfOpen } = stage.bob.daemon.status(stage.now);
  if (halfOpen > 0) found.push(`${halfOpen} are half-open still`);
  sasOf(stage.bob);
  return found;
}

const goes = (stage: Stage, peer: Peer): boolean =>
  carriesTraffic(stage.bob, stage.peers[peer], peer) && carriesTraffic(stage.peers[peer], stage.bob, peer);
