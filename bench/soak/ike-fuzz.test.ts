import { expect, test } from 'vitest';
import { type IkeSteps, STEPS } from '../../engine/ike/steps.ts';
import { material } from './ike/material.ts';
import { scenes } from './ike/scenes.ts';
import { tryAsStranger } from './ike/stranger.ts';
import { soakIkeFuzz } from './ike-fuzz.ts';

/** The quick version of `npm run soak -- ike-fuzz`; another seed each time, and a finding names it. */
test('a daemon in any state survives strangers, the unproven and hostile peers', () => {
  expect(soakIkeFuzz(8000, String(Date.now()), () => undefined).findings).toEqual([]);
}, 60_000);

const BROKEN: readonly (readonly [string, Partial<IkeSteps>])[] = [
  ['believes what is in the clear', { believesClear: () => true }],
  ['takes what was answered for new', { placed: () => 'new' }],
  ['throws for a short nonce', { isNonceFit: nonce => isLong(nonce) }],
];

function isLong(nonce: Uint8Array): boolean {
  if (nonce.length < 16) throw new Error('a short nonce');
  return true;
}

test.each(BROKEN)('a daemon that %s is found out', (_what, steps) => {
  const findings = scenes().flatMap((scene, index) => {
    try {
      return tryAsStranger(scene, material(), `broken ${index}`, 400, { ...STEPS, ...steps }).findings;
    } catch (error) {
      return [String(error)];
    }
  });
  expect(findings).not.toEqual([]);
});
