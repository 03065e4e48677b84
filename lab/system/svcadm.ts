import { didYouMean } from '../../engine/config/suggest.ts';
import { complain, done, stepPlan, wrong } from './effect.ts';
import { hasOption, type Options, readOptions } from './options.ts';
import { isWanted, SERVICES, type ServiceName } from './service.ts';
import { marked, start, stop } from './service-start.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';

const USAGE = [
  'usage: svcadm enable [-rst] <service>...   enable and online it',
  '       svcadm disable [-st] <service>...   disable and offline it',
  '       svcadm restart <service>...         restart it: its files are read again',
  '       svcadm refresh <service>...         the same, without stopping it first',
  '       svcadm clear <service>...           let it begin again after maintenance',
];
const COMMANDS = ['enable', 'disable', 'restart', 'refresh', 'clear'] as const;
type Command = (typeof COMMANDS)[number];

/** svcadm(8). `argv` without its name. Where SMF is silent about a service that fails, this says what is wrong as well. */
export function svcadm(argv: readonly string[]): SystemPlan {
  const [word, ...rest] = argv;
  if (word === undefined) return wrong(USAGE);
  const command = COMMANDS.find(each => each === word);
  if (command === undefined)
    return wrong([`svcadm: Unknown subcommand '${word}'`, `  fix: ${didYouMean(word, COMMANDS, '')}`]);
  const reading = readOptions(rest, 'rsti');
  if (reading.kind === 'wrong' || reading.options.operands.length === 0) return wrong(USAGE);
  const { options } = reading;
  return stepPlan((system, view) => {
    const found = options.operands.map(pattern => ({ pattern, names: servicesLike(pattern) }));
    const missing = found.find(({ names }) => names.length !== 1);
    if (missing !== undefined) return noSuchService(system, missing.pattern, missing.names);
    let sum = done(system);
    for (const name of found.flatMap(({ names }) => names)) {
      const next = carryOut(sum.system, view, command, name, options);
      sum = {
        system: next.system,
        actions: [...sum.actions, ...next.actions],
        stdout: '',
        stderr: sum.stderr + next.stderr,
        exitStatus: Math.max(sum.exitStatus, next.exitStatus),
      };
    }
    return sum;
  });
}

/** Any end of a service's name means it, as for svcs: `ike`, `ipsec/ike:default`. */
export function servicesLike(pattern: string): ServiceName[] {
  const bare = pattern
    .replace(/^svc:\/+/, '')
    .replace(/^\/+/, '')
    .replace(/:default$/, '');
  const isLike = (fmri: string) => {
    const whole = fmri.replace('svc:/', '').replace(':default', '');
    return whole === bare || whole.endsWith(`/${bare}`);
  };
  return SERVICES.filter(({ fmri }) => isLike(fmri)).map(({ name }) => name);
}

/** Brings a service up, or to maintenance with what its files have wrong. */
export function online(system: System, view: SystemView, name: ServiceName): SystemEffect {
  const outcome = start(system, view, name);
  const sinceSeconds = view.unixSeconds;
  if (outcome.kind === 'given') {
    const next = marked(system, name, { state: 'online', sinceSeconds });
    const stderr = `svcadm: note: there is no ${outcome.file}: what ${name} does is what the topology says\n`;
    return { ...done(next), stderr };
  }
  if (outcome.kind === 'failed') {
    const { trouble } = outcome;
    const next = marked(system, name, { state: 'maintenance', sinceSeconds, trouble, isGiven: false });
    const text = `svcadm: ${name} is in maintenance, and what it had set up before is as it was:\n${trouble}`;
    return { ...complain(next, ''), stderr: text };
  }
  const next = marked(outcome.system, name, { state: 'online', sinceSeconds, trouble: null, isGiven: false });
  return { ...done(next), actions: outcome.actions, stderr: outcome.notes };
}

function carryOut(
  system: System,
  view: SystemView,
  command: Command,
  name: ServiceName,
  options: Options,
): SystemEffect {
  const status = system.services[name];
  const isTemporary = hasOption(options, 't');
  switch (command) {
    case 'enable': {
      const change = isTemporary ? { untilRestart: true } : { isEnabled: true, untilRestart: null };
      const next = marked(system, name, change);
      return status.state === 'online' ? done(next) : online(next, view, name);
    }
    case 'disable': {
      const change = isTemporary ? { untilRestart: false } : { isEnabled: false, untilRestart: null };
      const next = marked(system, name, change);
      return status.state === 'disabled' ? done(next) : offline(next, view, name);
    }
    case 'restart':
    case 'refresh':
      if (isWanted(status)) return command === 'restart' ? restarted(system, view, name) : online(system, view, name);
      return {
        ...done(system),
        stderr: `svcadm: note: ${name} is disabled, and stays so: svcadm enable ${name}\n`,
      };
    case 'clear':
      if (status.state !== 'maintenance') {
        return complain(
          system,
          `svcadm: Instance "svc:/network/${name.replace('network/', '')}:default" is not in a maintenance or degraded state.`,
        );
      }
      return online(system, view, name);
  }
}

/** A daemon that is restarted ends first, and its SAs with it: what they rest on may be what has changed. */
export function restarted(system: System, view: SystemView, name: ServiceName): SystemEffect {
  const next = online(system, view, name);
  const runs = (name === 'ipsec/ike' || name === 'racoon') && system.services[name].state === 'online';
  // Where it goes on as the topology has it, there is nothing to begin again.
  const beginsAgain = runs && next.actions.some(({ kind }) => kind === 'ike');
  return beginsAgain ? { ...next, actions: [{ kind: 'ike', config: null }, ...next.actions] } : next;
}

function offline(system: System, view: SystemView, name: ServiceName): SystemEffect {
  const stopped = stop(system, name);
  const change = { state: 'disabled', sinceSeconds: view.unixSeconds, trouble: null, isGiven: false } as const;
  return { ...done(marked(stopped.system, name, change)), actions: stopped.actions };
}

export function noSuchService(system: System, pattern: string, names: readonly string[]): SystemEffect {
  const all = SERVICES.map(({ name }) => name);
  return complain(system, [
    names.length === 0
      ? `svcadm: Pattern '${pattern}' doesn't match any instances`
      : `svcadm: Pattern '${pattern}' matches multiple instances:`,
    names.length === 0 ? `  fix: ${didYouMean(pattern, all, '')}` : `        ${names.join('\n        ')}`,
  ]);
}
