import { parseFilter } from '../../engine/filter/parse.ts';
import { act, complain, done, nodeAction, say, stepPlan, wrong } from './effect.ts';
import { absolutePath, fileErrorText, readText } from './files.ts';
import { hasOption, optionValue, readOptions } from './options.ts';
import { IPF_CONF } from './service-files.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { online } from './svcadm.ts';
import { stop } from './service-start.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';

const USAGE = [
  `usage: ipf [-6] [-Fa] -f FILE    the rules of a file (${IPF_CONF}): added to those in use, or with -Fa in their place`,
  '       ipf -Fa                   no rules any more',
  '       ipf -n -f FILE            check a file',
  '       ipf -E, ipf -D            enable or disable the filter',
  '       ipf -V                    show the version',
];

/** ipf(8) of IP Filter. What it sets lasts until the next restart: files are for `svcadm restart network/ipfilter`. */
export function ipf(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, '6DEVnvrF:f:');
  if (reading.kind === 'wrong' || reading.options.operands.length > 0) return wrong(USAGE);
  const { options } = reading;
  const flush = optionValue(options, 'F');
  if (flush !== null && !['a', 'i', 'o', 's', 'S'].includes(flush))
    return wrong([`ipf: -F ${flush}: what is to be flushed?`, ...USAGE]);
  if (hasOption(options, 'V')) return stepPlan(system => say(system, 'ipf: IP Filter of ipsec-lab\n'));
  if (hasOption(options, 'D')) return stepPlan(system => ({ ...done(system), ...stop(system, 'network/ipfilter') }));
  if (hasOption(options, 'E')) return stepPlan((system, view) => online(system, view, 'network/ipfilter'));
  const file = optionValue(options, 'f');
  const family = hasOption(options, '6') ? { family: 6 as const } : {};
  if (file !== null) {
    const how = { isDry: hasOption(options, 'n'), flushes: flush === 'a' } as const;
    if (file === '-') {
      return {
        kind: 'reads',
        stepFor: input => (system, view) =>
          load(system, view, { name: 'stdin', text: Buffer.from(input).toString('utf8'), family, how }),
      };
    }
    return stepPlan((system, view) => {
      const text = readText(system.files, absolutePath(file));
      if (text === null) return complain(system, `ipf: open file failed: ${file}: ${fileErrorText('ENOENT')}`);
      return load(system, view, { name: file, text, family, how });
    });
  }
  if (flush === null) return wrong(USAGE);
  return stepPlan(system => {
    const cleared = flush === 's' || flush === 'S' ? [] : [nodeAction({ kind: 'setFilter', filter: null })];
    return act(system, ...cleared);
  });
}

interface Load {
  readonly name: string;
  readonly text: string;
  readonly family: { readonly family?: 6 };
  readonly how: { readonly isDry: boolean; readonly flushes: boolean };
}

function load(system: System, { status }: SystemView, { name, text, family, how }: Load): SystemEffect {
  const { config, diagnostics } = parseFilter(name, text, family);
  if (diagnostics.length > 0) return { ...complain(system, ''), stderr: diagnosticLines(diagnostics) };
  if (how.isDry) return done(system);
  const before = status.filter?.rules ?? [];
  if (!how.flushes && before.length > 0) {
    return complain(system, [
      `ipf: ${before.length} rules are in use, and rules are not added one by one here`,
      `  fix: replace them: ipf -Fa -f ${name}`,
    ]);
  }
  return act(system, nodeAction({ kind: 'setFilter', filter: config }));
}
