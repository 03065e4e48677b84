import { expect, test } from 'vitest';
import type { PhaseOneSelection } from '../../engine/ike/v1/select-phase1.ts';
import { V1_STEPS, type V1Steps } from '../../engine/ike/v1/steps.ts';
import { material } from './ike-v1/material.ts';
import { scenes } from './ike-v1/scenes.ts';
import { tryAsStranger } from './ike-v1/stranger.ts';
import { soakIkeV1Fuzz } from './ike-v1-fuzz.ts';

/** The quick version of `npm run soak -- ike-v1-fuzz`; another seed each time, and a finding names it. */
test('a daemon of IKEv1 in any state survives strangers, the unproven and hostile peers', () => {
  expect(soakIkeV1Fuzz(4000, String(Date.now()), () => undefined).findings).toEqual([]);
}, 60_000);

const BROKEN: readonly (readonly [string, Partial<V1Steps>])[] = [
  ['believes what is in the clear', { believesClear: () => true }],
  ['throws where nothing that is offered suits', { selected: selection => suitable(selection) }],
];

function suitable(selection: PhaseOneSelection): PhaseOneSelection {
  if (selection.kind === 'none') throw new Error('nothing suits');
  return selection;
}

test.each(BROKEN)('a daemon that %s is found out', (_what, steps) => {
  const findings = scenes().flatMap((scene, index) => {
    try {
      return tryAsStranger(scene, material(), `broken ${index}`, 400, { ...V1_STEPS, ...steps }).findings;
    } catch (error) {
      return [String(error)];
    }
  });
  expect(findings).not.toEqual([]);
});
