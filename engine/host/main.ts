/** The process of one live node: see messages.ts for what it is told and what it tells. */
import type { IkeEvent } from '../ike/daemon.ts';
import type { NodeEvent } from '../node/node.ts';
import { confine } from './confine.ts';
import { EventOutbox } from './event-outbox.ts';
import { launchIkeThread } from './ike-thread.ts';
import { type LiveNode, type LiveOutside, startLiveNode } from './live-node.ts';
import type { FromNode, NodeOrder, NodeRequest, ToNode } from './messages.ts';
import { parentChannel } from './parent-channel.ts';
import { programFile } from './program.ts';
import { setV8Flags } from './v8-flags.ts';

setV8Flags();

const channel = parentChannel<FromNode, ToNode>();
const outbox = new EventOutbox<NodeEvent>((events, lost) => channel.send({ kind: 'events', events, lost }));
const ikeOutbox = new EventOutbox<IkeEvent>((events, lost) => channel.send({ kind: 'ikeEvents', events, lost }));
let live: LiveNode | null = null;
/** Whoever starts a node that will negotiate says so at once, and need not wait for the thread of its daemon. */
const worker = process.argv[2] === 'ike' ? launchIkeThread() : null;

async function start(order: NodeOrder): Promise<void> {
  let kept: readonly string[] = [];
  // A daemon that is configured later has its thread then, with the files of it.
  const later = [
    programFile('engine/host/ike-worker'),
    ...(order.implementation === null ? [] : [order.implementation.file]),
  ];
  const outside: LiveOutside = {
    onEvents: events => outbox.push(events),
    onIkeEvents: events => ikeOutbox.push(events),
    onSecrets: (commands, ike) => channel.send({ kind: 'secrets', commands, ike }),
    onOpened: () => {
      kept = confine(later);
    },
  };
  live = await startLiveNode(order, outside, worker);
  channel.send({ kind: 'ready', kept });
}

async function answer(id: number, request: NodeRequest): Promise<void> {
  if (live === null) {
    channel.send({ kind: 'refused', id, why: 'the node does not run yet' });
    return;
  }
  channel.send({ kind: 'answer', id, answer: await live.answer(request) });
}

channel.listen(
  message => {
    if (message.kind === 'start') void start(message.order);
    else void answer(message.id, message.request);
  },
  // Whoever started us is gone, or wants us gone: a gateway without its lab must not linger.
  () => process.exit(0),
);
