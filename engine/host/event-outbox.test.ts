import { expect, test } from 'vitest';
import type { NodeEvent } from '../node/node.ts';
import { EventOutbox } from './event-outbox.ts';

test('a flood becomes one bounded message that says how much is missing', async () => {
  const event: NodeEvent = { kind: 'replayed', detail: '' };
  const [events, lost] = await new Promise<[readonly NodeEvent[], number]>(resolve => {
    const outbox = new EventOutbox<NodeEvent>((passed, missing) => resolve([passed, missing]));
    for (let i = 0; i < 50; i++) outbox.push([event, event]);
  });
  expect([events.length, lost]).toEqual([64, 36]);
});
