import { removeLabFolder } from '../state/record.ts';
import { socketPath } from '../state/root.ts';
import { undoAll } from '../state/undo.ts';
import { bringUp, type LiveLab } from './live-lab.ts';
import type { FromSupervisor, LabOrder, ToSupervisor } from './messages.ts';
import { errorBody, serveLab } from './server.ts';

/**
 * The process that is the lab: it lives as long as the lab does, and the lab as long as it. Started by `lab up`, with which
 * it shares a channel until the lab is confirmed.
 *
 *     born ── start ──► coming up ──► up, unconfirmed ── confirm ──► up ── /down, SIGTERM ──► gone
 *       └─────────── abort, or the channel closes ───────────┘
 */
const REMOVE_MS = 5_000;

let order: LabOrder | null = null;
let lab: LiveLab | null = null;
let ending: Promise<void> | null = null;
let confirmed = false;

/** A `lab up` that ended is noticed by the end of its channel, not by what could not be said to it any more. */
function tell(message: FromSupervisor): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

process.on('message', (message: ToSupervisor) => {
  switch (message.kind) {
    case 'start':
      order = message.order;
      void start(message.order);
      return;
    case 'confirm':
      confirmed = true;
      tell({ kind: 'confirmed' });
      return;
    case 'abort':
      void end(0);
  }
});
process.on('disconnect', () => {
  if (!confirmed) void end(0);
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(0));
// A fault of ours: the folder stays, for the log in it. What the lab made goes with this process.
process.on('uncaughtException', error => {
  console.error(error);
  process.exit(70);
});
tell({ kind: 'hello' });

async function start(asked: LabOrder): Promise<void> {
  const began = performance.now();
  try {
    lab = await bringUp(asked, text => tell({ kind: 'progress', text }));
    await serveLab(lab, socketPath(asked.stateDirectory), () => end(null));
    tell({ kind: 'up', upMs: performance.now() - began });
  } catch (error) {
    tell({ kind: 'failed', error: errorBody(error).error });
    await end(3);
  }
}

/** Removes everything, once; exits with `status`, or (null) a moment later, when the answer to `/down` is out. */
async function end(status: number | null): Promise<void> {
  ending ??= remove();
  await ending;
  if (status !== null) process.exit(status);
  setTimeout(() => process.exit(0), ANSWER_MS);
}

const ANSWER_MS = 50;

async function remove(): Promise<void> {
  if (lab !== null) lab.state = 'stopping';
  // What a driver cannot take down in this time goes with this process all the same.
  const late = new Promise<false>(resolve => setTimeout(() => resolve(false), REMOVE_MS));
  const isDown = await Promise.race([takeDown(), late]);
  if (order === null) return;
  undoAll(order.stateDirectory);
  // But for services of a swarm: by the folder, whoever sweeps knows of them.
  if (order.driver === 'swarm' && !isDown) return;
  removeLabFolder(order.stateDirectory);
}

/** Whether there was a lab to take down, and nothing is left of it. */
async function takeDown(): Promise<boolean> {
  try {
    await lab?.running.down();
    return lab !== null;
  } catch (error) {
    console.error(error);
    return false;
  }
}
