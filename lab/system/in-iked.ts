import { readSolarisIke } from '../../engine/config/solaris-ike.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { absolutePath, fileErrorText, readText } from './files.ts';
import { hasOption, optionValue, readOptions } from './options.ts';
import { IKE_CONFIG } from './service-files.ts';
import { marked } from './service-start.ts';
import { online } from './svcadm.ts';
import type { SystemPlan } from './system.ts';

const USAGE = [
  'usage: in.iked [-d] [-p <level>]    begin to negotiate, until the next restart: svcadm enable ipsec/ike is for good',
  '       in.iked -c [-f <file>]       check a configuration file',
];
const LEVELS = ['0', '1', '2', 'base', 'modkeys', 'keymat'];

/** in.iked(8). `-d` makes no difference: nobody waits for it here, and it writes no log. `argv` without its name. */
export function inIked(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'cdf:p:iV');
  if (reading.kind === 'wrong' || reading.options.operands.length > 0) {
    return wrong([
      `in.iked: ${reading.kind === 'wrong' ? reading.why : `what is ${reading.options.operands[0]}?`}`,
      ...USAGE,
    ]);
  }
  const { options } = reading;
  const level = optionValue(options, 'p');
  if (level !== null && !LEVELS.includes(level))
    return wrong([`in.iked: -p ${level}: no privilege level`, '  fix: -p base, modkeys or keymat']);
  if (!hasOption(options, 'c')) return begin(optionValue(options, 'f'));
  const file = absolutePath(optionValue(options, 'f') ?? IKE_CONFIG);
  return stepPlan(system => {
    const text = readText(system.files, file);
    if (text === null)
      return complain(system, `in.iked: Unable to open configuration file ${file}: ${fileErrorText('ENOENT')}`);
    const { stated, diagnostics, notes } = readSolarisIke(file, text, { legacy: true });
    if (stated === null) {
      const stderr = `${diagnosticLines(diagnostics)}in.iked: Configuration file ${file} did not parse.\n`;
      return { ...complain(system, ''), stderr };
    }
    const effect = say(system, `in.iked: Configuration file ${file} syntactically checks out.\n`);
    return { ...effect, stderr: diagnosticLines(notes) };
  });
}

function begin(file: string | null): SystemPlan {
  const path = file === null ? IKE_CONFIG : absolutePath(file);
  if (path !== IKE_CONFIG) {
    return wrong([
      `in.iked: it reads ${IKE_CONFIG} here`,
      `  fix: cp ${path} ${IKE_CONFIG}, then svcadm restart ipsec/ike`,
    ]);
  }
  return stepPlan((system, view) => {
    if (system.services['ipsec/ike'].state === 'online')
      return complain(system, ['in.iked: it runs already', '  fix: svcadm restart ipsec/ike, or ikeadm read rule']);
    return online(marked(system, 'ipsec/ike', { untilRestart: true }), view, 'ipsec/ike');
  });
}
