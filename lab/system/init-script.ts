import { didYouMean, oneOf } from '../../engine/config/suggest.ts';
import { complain, done, say, stepPlan, wrong } from './effect.ts';
import { begun } from './racoon-command.ts';
import { isWanted } from './service.ts';
import { RACOON_CONF, SETKEY_CONF } from './service-files.ts';
import { marked, stop } from './service-start.ts';
import { online, restarted } from './svcadm.ts';
import type { System, SystemEffect, SystemPlan, SystemStep, SystemView } from './system.ts';
import { toolCommand } from './tool-command.ts';

/** The services of a Linux machine that are the system's own. */
const NAMES = ['racoon', 'setkey'] as const;
type Name = (typeof NAMES)[number];
const ACTIONS = ['start', 'stop', 'restart', 'reload', 'force-reload', 'status'] as const;

const nameIn = (text = ''): Name | null => NAMES.find(name => text.replace(/\.service$/, '') === name) ?? null;

/** `/etc/init.d/racoon start`. null: it is no such script. */
export function initScript(path: string, argv: readonly string[]): SystemPlan | null {
  const name = nameIn(/^\/etc\/(?:init\.d|rc\.d|rc\.d\/init\.d)\/([^/]+)$/.exec(path)?.[1]);
  return name === null ? null : serviceAction(name, argv[0] ?? '', path);
}

/** service(8): `service racoon start`. null: a service of the machine's own. */
export function service([name, action = '', ...more]: readonly string[]): SystemPlan | null {
  const found = nameIn(name);
  return found === null || more.length > 0 ? null : serviceAction(found, action, `service ${found}`);
}

/** systemctl(1), for as much of it as concerns racoon and setkey. null: a service of the machine's own. */
export function systemctl(argv: readonly string[]): SystemPlan | null {
  const [action = '', name, ...more] = argv.filter(word => !word.startsWith('-'));
  const found = nameIn(name);
  if (found === null || more.length > 0) return null;
  if (action === 'is-active') {
    return stepPlan(system => {
      const isActive = found === 'setkey' || system.services.racoon.state === 'online';
      return { ...say(system, isActive ? 'active\n' : 'inactive\n'), exitStatus: isActive ? 0 : 3 };
    });
  }
  if (action === 'enable' || action === 'disable') {
    return stepPlan(system =>
      done(found === 'racoon' ? marked(system, 'racoon', { isEnabled: action === 'enable' }) : system),
    );
  }
  return serviceAction(found, action, `systemctl`);
}

function serviceAction(name: Name, word: string, command: string): SystemPlan | null {
  const action = ACTIONS.find(each => each === word);
  if (action === undefined) {
    const fix = word === '' ? oneOf(ACTIONS) : didYouMean(word, ACTIONS, oneOf(ACTIONS));
    return wrong([`Usage: ${command} {${ACTIONS.join('|')}}`, `  fix: ${fix}`]);
  }
  return name === 'racoon' ? stepPlan(RACOON[action]) : stepPlan(setkeyStep(action));
}

const RACOON: Readonly<Record<(typeof ACTIONS)[number], SystemStep>> = {
  start: (system, view) =>
    system.services.racoon.state === 'online' ? say(system, 'racoon is running.\n') : begun(system, view),
  stop: (system, view) => {
    const stopped = stop(system, 'racoon');
    const change = { state: 'disabled', sinceSeconds: view.unixSeconds, untilRestart: false } as const;
    const runs = system.services.racoon.state === 'online';
    return runs ? { ...done(marked(stopped.system, 'racoon', change)), actions: stopped.actions } : done(system);
  },
  restart: (system, view) =>
    system.services.racoon.state === 'online' ? restarted(system, view, 'racoon') : begun(system, view),
  reload: (system, view) => reloaded(system, view),
  'force-reload': (system, view) => reloaded(system, view),
  status: system => {
    const { state, trouble } = system.services.racoon;
    if (state === 'online') return say(system, 'racoon is running.\n');
    const why = state === 'maintenance' ? (trouble ?? '') : `  fix: service racoon start, with ${RACOON_CONF}\n`;
    return { ...say(system, `racoon is not running.\n${why}`), exitStatus: 3 };
  },
};

/** The files again, without an end of what still follows from them. */
export function reloaded(system: System, view: SystemView): SystemEffect {
  if (system.services.racoon.state === 'disabled' || !isWanted(system.services.racoon))
    return complain(system, ['racoon: it does not run', '  fix: service racoon start']);
  const effect = online(system, view, 'racoon');
  return { ...effect, stderr: effect.stderr.replace(/^svcadm: /, '') };
}

/** What the start script of setkey does: its file, or nothing of all that any more. */
function setkeyStep(action: (typeof ACTIONS)[number]): SystemStep {
  if (action === 'status') return tool('setkey', '-DP');
  if (action !== 'stop') return tool('setkey', '-f', SETKEY_CONF);
  return (system, view) => {
    const effect = tool('setkey', '-F')(system, view);
    return { ...effect, next: tool('setkey', '-FP') };
  };
}

const tool =
  (...argv: readonly string[]): SystemStep =>
  (system, view) => {
    const plan = toolCommand(argv, system);
    if (plan?.kind === 'step') return plan.step(system, view);
    return complain(system, [`setkey: ${SETKEY_CONF}: No such file or directory`, '  fix: write it']);
  };
