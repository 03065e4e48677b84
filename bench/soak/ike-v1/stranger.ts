import { carriesTraffic, sasOf } from '../../../engine/ike/testing/node-sas.ts';
import type { Core } from '../../../engine/ike/v1/core.ts';
import { type IsakmpSa, isKeyed, isStranger } from '../../../engine/ike/v1/isakmp-sa.ts';
import { V1_STEPS, type V1Steps } from '../../../engine/ike/v1/steps.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { Peer } from '../ike/ground.ts';
import { fromAnywhere, type Material, strangersMessage } from './hostile-messages.ts';
import type { Scene } from './scenes.ts';
import { restored, type Stage } from './stage.ts';
import { Trial } from './trial.ts';

/** So many messages of somebody without keys, to Bob in this scene: nothing comes of them but half-open ISAKMP SAs. */
export function tryAsStranger(
  scene: Scene,
  material: Material,
  seed: string,
  count: number,
  steps: V1Steps = V1_STEPS,
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
    if (harm !== null) trial.findings.push(`${sa.connection.name}'s ISAKMP SA, ${sa.kind}: ${harm}`);
  }
  const known = new Set(before.map(({ id }) => id));
  for (const sa of core.sas.values()) {
    if (!known.has(sa.id) && !isStranger(sa)) trial.findings.push(`a stranger has an ISAKMP SA that is ${sa.kind}`);
  }
  trial.look();
  return trial;
}

/** What a stranger has done to an ISAKMP SA that has keys; null: nothing. Without keys anybody may be its peer. */
function harmTo(before: IsakmpSa, after: IsakmpSa | undefined): string | null {
  if (!isKeyed(before)) return null;
  if (after === undefined) return 'it is gone';
  if (after.kind !== before.kind) return `it is ${after.kind}`;
  if (!isKeyed(after) || after.keys !== before.keys) return 'it has other keys';
  if (after.path !== before.path) return 'it is elsewhere';
  if (after.iv !== before.iv) return 'it has another IV';
  if (before.kind !== 'established' || after.kind !== 'established') return null;
  if (after.children !== before.children) return 'it has other children';
  if (after.usedIds !== before.usedIds) return 'it has used up Message IDs';
  if (after.exchanges.length > before.exchanges.length) return 'it has begun something';
  if (after.user !== before.user || after.isOpen !== before.isOpen) return 'its user is another one';
  return null;
}

/** Whether Bob and his peers go on as if nothing had been: what was on its way arrives, all rekey, all live. */
export function recovery(scene: Scene, core: Core, seed: string): string[] {
  const stage = restored(scene.snapshot, core, seed);
  for (const datagram of scene.snapshot.held) stage.inject(datagram);
  stage.run(60_000);
  const { peer } = scene;
  // Whoever has waited long enough tries once more.
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
  if (!stage.isEstablished(peer)) return [`${peer} does not get an ISAKMP SA any more`];
  if (!goes(stage, peer)) return [`no traffic with ${peer}`];
  const children = spisOf(stage, peer);
  stage.command(stage.bob, { kind: 'rekey', child: peer });
  stage.run(5000);
  const found: string[] = [];
  if (spisOf(stage, peer) === children) found.push(`the child of ${peer} is not rekeyed`);
  const cookies = cookiesOf(stage, peer);
  stage.command(stage.peers[peer], { kind: 'rekey', ike: 'bob' });
  stage.run(5000);
  if (cookiesOf(stage, peer) === cookies) found.push(`the ISAKMP SA of ${peer} is not rekeyed`);
  stage.run(90_000); // more than dead peer detection takes
  if (!stage.isEstablished(peer) || !goes(stage, peer)) found.push(`${peer} is lost after a rekey`);
  const { halfOpen } = stage.bob.daemon.status(stage.now);
  if (halfOpen > 0) found.push(`${halfOpen} are half-open still`);
  sasOf(stage.bob);
  return found;
}

const established = (stage: Stage, peer: Peer) =>
  stage.bob.daemon
    .status(stage.now)
    .sas.filter(({ connection, state }) => connection === peer && state === 'established');

const spisOf = (stage: Stage, peer: Peer): string =>
  established(stage, peer)
    .flatMap(({ children }) => children.filter(({ state }) => state === 'installed').map(({ spiIn }) => spiIn))
    .join();

const cookiesOf = (stage: Stage, peer: Peer): string =>
  established(stage, peer)
    .map(({ initiatorSpi, responderSpi }) => initiatorSpi + responderSpi)
    .join();

const goes = (stage: Stage, peer: Peer): boolean =>
  carriesTraffic(stage.bob, stage.peers[peer], peer) && carriesTraffic(stage.peers[peer], stage.bob, peer);
