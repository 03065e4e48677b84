import { tell } from '../tell.ts';
import type { IkeDatagram } from '../daemon.ts';
import { beginAttempt, takeFailure, takeLoss, takeSuccess } from './caller.ts';
import { dueAt } from './clocks.ts';
import { type Core, worldOf } from './core.ts';
import { endIsakmpSa } from './end.ts';
import { followPhaseOne, initiatorOf } from './exchanges.ts';
import { type EstablishedIsakmpSa, type IsakmpSa, isKeyed } from './isakmp-sa.ts';
import { removeSa, storeSa } from './sa-table.ts';
import { repeatPhaseOne, sendPhaseOne, sendPhaseTwo } from './send.ts';
import type { Effect, Step } from './step.ts';
import type { Task } from './task.ts';
import { closed } from './used-ids.ts';

/** The message that a step was about. */
export interface Occasion {
  /** By which it is known when it comes again. */
  readonly digest: string;
  readonly from: Omit<IkeDatagram, 'octets'>;
}

/** Makes a step true: stores what it says of ISAKMP SAs, and carries out its effects in their order. */
export function applyStep(core: Core, before: IsakmpSa, step: Step, occasion: Occasion | null): void {
  if (step.sa === null) removeSa(core, before.id);
  else storeSa(core, step.sa);
  for (const effect of step.effects) applyEffect(core, before, effect, occasion);
  const after = core.sas.get(before.id);
  if (before.kind === 'established' || after?.kind !== 'established') return;
  takeSuccess(core, before, after);
  const opened = core.sas.get(before.id);
  if (opened?.kind === 'established') applyStep(core, opened, followPhaseOne(opened), null);
}

/** After each input: begins the tasks whose turn it is, and sets the alarms of all that have changed. */
export function settle(core: Core): void {
  for (const id of core.unsettled) {
    core.unsettled.delete(id);
    for (let sa = core.sas.get(id); sa?.kind === 'established' && beginNext(core, sa); sa = core.sas.get(id));
    const sa = core.sas.get(id);
    if (sa !== undefined) core.alarms.set(id, dueAt(sa));
  }
}

/** Whether the turn of one had come. */
function beginNext(core: Core, sa: EstablishedIsakmpSa): boolean {
  for (const task of sa.tasks) {
    const initiator = initiatorOf(task);
    if (!initiator.mayBegin(sa, task)) continue;
    const waiting = { ...sa, tasks: sa.tasks.filter(other => other !== task) };
    applyStep(core, waiting, initiator.begin(waiting, task, worldOf(core)), null);
    return true;
  }
  return false;
}

function applyEffect(core: Core, before: IsakmpSa, effect: Effect, occasion: Occasion | null): void {
  switch (effect.kind) {
    case 'phase1': {
      const sa = core.sas.get(before.id);
      if (sa === undefined) throw new Error('a message of an ISAKMP SA that is gone');
      return sendPhaseOne(core, sa, effect, occasion?.digest ?? null);
    }
    case 'repeat':
      return repeatPhaseOne(core, before.id);
    case 'send': {
      // The last word of one that ends with it goes out under its keys all the same.
      const there = core.sas.get(before.id);
      const sa = there ?? before;
      if (!isKeyed(sa)) throw new Error('a message of phase 2 of an ISAKMP SA without keys');
      sendPhaseTwo(core, sa, effect);
      if (there === undefined) removeSa(core, before.id);
      return;
    }
    case 'close':
      return changed(core, before.id, sa => closed(sa, effect.messageId));
    case 'task':
      return addTask(core, effect.isakmpSa ?? before.id, effect.task);
    case 'delay':
      return changed(core, before.id, sa => ({
        ...sa,
        delayed: [...sa.delayed, { at: effect.at, task: effect.task }],
      }));
    case 'command':
      core.out.commands.push(effect.command);
      return;
    case 'event':
      return tell(core, effect.event);
    case 'secrets':
      if (core.config.revealsSecrets) core.out.secrets.push(effect.secrets);
      return;
    case 'put':
      storeSa(core, effect.sa);
      return;
    case 'attemptFailed':
      return takeFailure(core, effect);
    case 'discard': {
      const other = core.sas.get(effect.isakmpSa);
      if (other !== undefined) applyStep(core, other, endIsakmpSa(other, 'asked', effect.why, worldOf(core)), null);
      return;
    }
    case 'lost':
      return takeLoss(core, effect);
    case 'initiate':
      return beginAttempt(core, effect);
  }
}

function addTask(core: Core, id: number, task: Task): void {
  changed(core, id, sa => ({ ...sa, tasks: [...sa.tasks, task] }));
}

function changed(core: Core, id: number, change: (sa: EstablishedIsakmpSa) => EstablishedIsakmpSa): void {
  const sa = core.sas.get(id);
  if (sa?.kind === 'established') storeSa(core, change(sa));
}
