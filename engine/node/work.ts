import type { Core } from './core.ts';
import { takeOpened } from './esp-input.ts';
import { takePacket } from './frame-input.ts';
import { sendOriginated, sendSealed } from './output.ts';

/** Runs the steps that wait, but for those that wait for the ESP kernel: those are gathered from a whole batch. */
export function runTasks(core: Core): void {
  if (core.tasks.length === 0) return;
  for (let i = 0; i < core.tasks.length; i++) {
    const task = core.tasks[i];
    if (task === undefined) throw new Error('a task that is not there');
    if (task.kind === 'originate') {
      sendOriginated(core, task.packet);
      continue;
    }
    const { octets, ingress } = task;
    if (ingress.interface === null) throw new Error('input from nowhere');
    if (ingress.interface.kind === 'tunnel') {
      ingress.interface.counters.receivedPackets++;
      ingress.interface.counters.receivedOctets += octets.length;
    }
    takePacket(core, octets, null, { ...ingress, interface: ingress.interface }, false);
  }
  core.tasks.length = 0;
}

/**
 * Runs everything to the end: steps, then all ESP to open in one batch, then all to seal, and again while these lead to
 * more. It ends because each round adds an encapsulation or takes one off, and NESTING_MAX bounds both.
 */
export function runToCompletion(core: Core): void {
  for (;;) {
    runTasks(core);
    if (core.opens.length > 0) openBatch(core);
    else if (core.seals.length > 0) sealBatch(core);
    else return;
  }
}

function openBatch(core: Core): void {
  const batch = core.opens;
  core.opens = [];
  const results = core.kernel.open(batch.map(pending => pending.job));
  for (const [i, pending] of batch.entries()) {
    const result = results[i];
    if (result === undefined) throw new Error(`kernel ${core.kernel.name} left out a result`);
    takeOpened(core, pending, result);
    runTasks(core);
  }
}

function sealBatch(core: Core): void {
  const batch = core.seals;
  core.seals = [];
  const results = core.kernel.seal(batch.map(pending => pending.job));
  for (const [i, pending] of batch.entries()) {
    const result = results[i];
    if (result === undefined) throw new Error(`kernel ${core.kernel.name} left out a result`);
    sendSealed(core, pending, result);
    runTasks(core);
  }
}
