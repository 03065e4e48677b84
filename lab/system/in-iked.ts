import { readSolarisIke } from '../../engine/config/solaris-ike.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { absolutePath, fileErrorText, readText } from './files.ts';
import { hasOption, optionValue, readOptions } from './options.ts';
import { IKE_CONFIG } from './service-files.ts';
import type { SystemPlan } from './system.ts';

/** `in.iked -c [-f file]`: whether its configuration file is one. To run it is for svcadm. */
export function inIked(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'cdf:p:');
  if (reading.kind === 'wrong' || reading.options.operands.length > 0) return wrong('usage: in.iked -c [-f <file>]');
  const { options } = reading;
  if (!hasOption(options, 'c')) {
    return wrong([
      'in.iked: it is a service here',
      '  fix: svcadm enable ipsec/ike; in.iked -c checks its configuration file',
    ]);
  }
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
