import { columns } from './columns.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { hasOption, readOptions } from './options.ts';
import { type ServiceName, SERVICES } from './service.ts';
import { RACOON_CONF } from './service-files.ts';
import { noSuchService, servicesLike } from './svcadm.ts';
import type { System, SystemPlan, SystemView } from './system.ts';
import { clockText, dayText } from './time-text.ts';

const USAGE = ['usage: svcs [-aH] [<service> ...]', '       svcs -l <service> ...', '       svcs -xv [<service> ...]'];
const SECONDS_PER_DAY = 86_400;

/** svcs(1): the node's services. `-x` says of those that do not run what keeps them from it. */
export function svcs(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'aHlxvp');
  if (reading.kind === 'wrong') return wrong([`svcs: ${reading.why}`, ...USAGE]);
  const { options } = reading;
  return stepPlan((system, view) => {
    const bad = options.operands.find(pattern => servicesLike(pattern).length === 0);
    if (bad !== undefined) {
      const effect = noSuchService(system, bad, []);
      return { ...effect, stderr: effect.stderr.replace('svcadm:', 'svcs:') };
    }
    const asked = options.operands.flatMap(servicesLike);
    if (hasOption(options, 'x')) return say(system, explained(system, asked));
    if (hasOption(options, 'l')) {
      if (asked.length === 0) return complain(system, USAGE, 2);
      return say(system, asked.map(name => described(system, name)).join('\n'));
    }
    const all = SERVICES.map(({ name }) => name);
    // Nobody misses a racoon where there has never been one.
    const isShown = (name: ServiceName) =>
      system.services[name].state !== 'disabled' ||
      (hasOption(options, 'a') && (name !== 'racoon' || system.files.has(RACOON_CONF)));
    const names = asked.length > 0 ? asked : all.filter(isShown);
    const text = columns(
      [
        ['STATE', 15],
        ['STIME', 9],
        ['FMRI', 40],
      ],
      names.map(name => [system.services[name].state, timeOf(system, view, name), fmriOf(name)]),
    );
    return say(system, hasOption(options, 'H') ? text.slice(text.indexOf('\n') + 1) : text);
  });
}

const infoOf = (name: ServiceName) => SERVICES.find(each => each.name === name);
const fmriOf = (name: ServiceName): string => infoOf(name)?.fmri ?? name;

function timeOf({ services }: System, { unixSeconds }: SystemView, name: ServiceName): string {
  const { sinceSeconds } = services[name];
  return unixSeconds - sinceSeconds < SECONDS_PER_DAY ? clockText(sinceSeconds) : dayText(sinceSeconds);
}

function described({ services }: System, name: ServiceName): string {
  const { isEnabled, untilRestart, state, sinceSeconds } = services[name];
  const temporary = untilRestart === null ? '' : ` (temporary: ${untilRestart})`;
  const lines = [
    ['fmri', fmriOf(name)],
    ['name', infoOf(name)?.description ?? ''],
    ['enabled', `${isEnabled}${temporary}`],
    ['state', state],
    ['next_state', 'none'],
    ['state_time', `${clockText(sinceSeconds)} UTC`],
  ];
  return lines.map(([key = '', value = '']) => `${key.padEnd(13)}${value}\n`).join('');
}

/** Without names: of those that ought to run and do not. */
function explained(system: System, asked: readonly ServiceName[]): string {
  const all = SERVICES.map(({ name }) => name);
  const names = asked.length > 0 ? asked : all.filter(name => system.services[name].state === 'maintenance');
  return names
    .map(name => {
      const { state, sinceSeconds, trouble } = system.services[name];
      const info = infoOf(name);
      const reason =
        state === 'maintenance'
          ? 'Reason: Start method failed: its files have this wrong.'
          : state === 'disabled'
            ? 'Reason: Disabled by an administrator.'
            : 'Reason: None: it runs.';
      const impact = state === 'online' ? 'Impact: None.' : `Impact: ${name} is not running.`;
      const lines = [
        `${fmriOf(name)} (${info?.description ?? ''})`,
        ` State: ${state} since ${clockText(sinceSeconds)} UTC`,
        reason,
        ...(trouble === null
          ? []
          : trouble
              .trimEnd()
              .split('\n')
              .map(line => `   ${line}`)),
        `   See: ${info?.manual ?? ''}`,
        impact,
      ];
      return `${lines.join('\n')}\n`;
    })
    .join('\n');
}
