/** The process of one live node: see messages.ts for what it is told and what it tells. */
import { EventOutbox } from './event-outbox.ts';
import { type LiveNode, startLiveNode } from './live-node.ts';
import type { NodeOrder, NodeRequest } from './messages.ts';
import { parentChannel } from './parent-channel.ts';

const channel = parentChannel();
const outbox = new EventOutbox((events, lost) => channel.send({ kind: 'events', events, lost }));
let live: LiveNode | null = null;

async function start(order: NodeOrder): Promise<void> {
  live = await startLiveNode(order, events => outbox.push(events));
  channel.send({ kind: 'ready' });
}

function answer(id: number, request: NodeRequest): void {
  if (live === null) {
    channel.send({ kind: 'refused', id, why: 'the node does not run yet' });
    return;
  }
  channel.send({ kind: 'answer', id, answer: live.answer(request) });
}

channel.listen(
  message => {
    if (message.kind === 'start') void start(message.order);
    else answer(message.id, message.request);
  },
  // Whoever started us is gone, or wants us gone: a gateway without its lab must not linger.
  () => process.exit(0),
);
