import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { complain, done, say, stepPlan, wrong } from './effect.ts';
import { absolutePath, fileErrorText } from './files.ts';
import { formatRule } from './ikeadm-text.ts';
import { hasOption, optionValue, readOptions } from './options.ts';
import { readRacoonFiles } from './racoon-files.ts';
import { configsOf, racoonConfig } from './racoon-service.ts';
import { RACOON_CONF } from './service-files.ts';
import { marked } from './service-start.ts';
import { online } from './svcadm.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';

const USAGE = [
  'usage: racoon [-BdFLv46] [-f <file>] [-l <file>]    begin to negotiate',
  '       racoon -C [-f <file>]                        check a file, and show what is in it',
  '       racoon -V                                    show the version',
  '  racoonctl asks one that runs; service racoon start|stop|restart|reload|status',
];

/** racoon(8) of the IPsec-Tools. `argv` without its name. It is a daemon: `-F` makes no difference, for nobody waits for it here. */
export function racoon(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'BCdFLvV46f:l:p:P:D');
  if (reading.kind === 'wrong' || reading.options.operands.length > 0) {
    return wrong([
      `racoon: ${reading.kind === 'wrong' ? reading.why : `what is ${reading.options.operands[0]}?`}`,
      ...USAGE,
    ]);
  }
  const { options } = reading;
  if (hasOption(options, 'V')) return stepPlan(system => say(system, 'racoon of ipsec-lab\n'));
  const port = optionValue(options, 'p') ?? optionValue(options, 'P');
  if (port !== null && port !== '500' && port !== '4500')
    return wrong(['racoon: IKE has port 500 here, and 4500 behind a NAT', '  fix: leave -p and -P away']);
  const file = absolutePath(optionValue(options, 'f') ?? RACOON_CONF);
  if (hasOption(options, 'C')) return stepPlan((system, view) => checked(system, view, file));
  return stepPlan((system, view) => {
    if (file !== RACOON_CONF) {
      return complain(system, [
        `racoon: it reads ${RACOON_CONF} here`,
        `  fix: cp ${file} ${RACOON_CONF}, then racoon; racoon -C -f ${file} checks it`,
      ]);
    }
    if (system.services.racoon.state === 'online')
      return complain(system, ['racoon: it runs already', '  fix: racoonctl reload-config, or service racoon restart']);
    return begun(system, view);
  });
}

/** racoon runs until the node restarts: whether it begins with the node is what `systemctl enable` says. */
export function begun(system: System, view: SystemView): SystemEffect {
  const effect = online(marked(system, 'racoon', { untilRestart: true }), view, 'racoon');
  return { ...effect, stderr: effect.stderr.replace(/^svcadm: racoon is in maintenance.*\n/, '') };
}

/** `-C`: what is wrong with a file, or what it comes to with the certificates and policies that the node has. */
function checked(system: System, view: SystemView, file: string): SystemEffect {
  const reading = readRacoonFiles(system.files, file);
  if (reading.kind === 'missing') {
    return complain(system, [
      `racoon: failed to open ${file}: ${fileErrorText('ENOENT')}`,
      '  fix: write it, or name another one with -f',
    ]);
  }
  if (reading.kind === 'wrong') {
    return {
      ...complain(system, ''),
      stderr: `${diagnosticLines(reading.diagnostics)}racoon: fatal parse failure (${reading.diagnostics.length} errors)\n`,
    };
  }
  const found = racoonConfig(system, system.files, configsOf(view), file);
  const rules = (found?.config.connections ?? []).map(formatRule).join('');
  const notes = found === null ? reading.notes.map(formatDiagnostic) : found.notes;
  return {
    ...done(system),
    stdout: `${rules}\n${file}: no errors\n`,
    stderr: notes.map(note => `racoon: ${note}\n`).join(''),
  };
}
