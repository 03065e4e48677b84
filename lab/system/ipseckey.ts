import { readSetkeyStatements } from '../../engine/config/setkey.ts';
import { stepsOf } from '../../engine/config/tools/setkey-step.ts';
import type { SaStatus } from '../../engine/node/node.ts';
import { act, complain, done, joinedOutput, nodeAction, say, stepPlan, wrong } from './effect.ts';
import { absolutePath, fileErrorText, readText } from './files.ts';
import { formatSadb } from './ipseckey-text.ts';
import { type IpseckeyStatement, readIpseckey, type SaWords } from './ipseckey-statement.ts';
import { optionValue, readOptions } from './options.ts';
import type { System, SystemAction, SystemEffect, SystemPlan, SystemStep, SystemView } from './system.ts';

const USAGE = [
  'usage: ipseckey dump|flush [esp|ah|all]',
  '       ipseckey get|delete esp|ah spi <spi> [src <addr>] [dst <addr>]',
  '       ipseckey add esp|ah spi <spi> src <addr> dst <addr> [encr_alg <alg> encrkey <hex>] [auth_alg <alg> authkey <hex>]',
  '       ipseckey [-n] -f FILE    commands from a file, or with - from standard input',
  '       ipseckey -c FILE         check the syntax of a file',
];
/** What would show keys, or go on for ever. */
const NOT_HERE: Readonly<Record<string, string>> = {
  save: 'keys leave no node: lab up --key-log FILE has those of a run',
  monitor: 'lab status shows what has happened to SAs',
  pmonitor: 'lab status shows what has happened to SAs',
};

/** ipseckey(8): SAs by hand. Without words it reads commands from standard input. No key is shown. */
export function ipseckey(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'nvpf:c:s:');
  if (reading.kind === 'wrong') return wrong([`ipseckey: ${reading.why}`, ...USAGE]);
  const { options } = reading;
  const [command] = options.operands;
  const away = optionValue(options, 's') === null ? NOT_HERE[command ?? ''] : NOT_HERE['save'];
  if (away !== undefined) return wrong([`ipseckey: ${command ?? '-s'} is not here`, `  fix: ${away}`]);
  const checked = optionValue(options, 'c');
  const file = optionValue(options, 'f') ?? checked;
  if (file !== null && file !== '-') {
    return stepPlan((system, view) => {
      const text = readText(system.files, absolutePath(file));
      if (text === null) return complain(system, `ipseckey: ${file}: ${fileErrorText('ENOENT')}`);
      return carryOutAll(system, view, text, file, { isCheck: checked !== null });
    });
  }
  if (options.operands.length === 0) {
    return {
      kind: 'reads',
      stepFor: input => (system, view) =>
        carryOutAll(system, view, Buffer.from(input).toString('utf8'), 'stdin', { isCheck: checked !== null }),
    };
  }
  const found = readIpseckey(options.operands);
  return found.kind === 'wrong' ? wrong(found.lines) : stepPlan(stepFor(found.statement));
}

/** Lines with one command each, `#` before what is for people; `\` at the end of a line joins the next. Nothing is done of a text with an error. */
export function carryOutAll(
  system: System,
  view: SystemView,
  text: string,
  file: string,
  { isCheck }: { readonly isCheck: boolean },
): SystemEffect {
  const lines = text.replaceAll(/\\\n/g, ' ').split('\n');
  const errors: string[] = [];
  const statements: IpseckeyStatement[] = [];
  for (const [i, line] of lines.entries()) {
    const words = line
      .replace(/#.*$/, '')
      .trim()
      .split(/\s+/)
      .filter(word => word !== '');
    if (words[0] === 'exit' || words[0] === 'quit') break;
    if (words.length === 0) continue;
    const found = readIpseckey(words);
    if (found.kind === 'read') statements.push(found.statement);
    else errors.push(`${file}:${i + 1}: ${found.lines.join('\n')}`);
  }
  if (errors.length > 0) return complain(system, errors);
  let sum = done(system);
  let now = view;
  for (const statement of isCheck ? [] : statements) {
    const next = stepFor(statement)(sum.system, now);
    sum = { ...joinedOutput(sum, next), system: next.system, actions: [...sum.actions, ...next.actions] };
    if (statement.kind === 'flush') now = flushed(now, statement.protocol);
  }
  return sum;
}

/** What the node will be when SAs of that protocol have gone; null: all. */
export function flushed(view: SystemView, protocol: 'esp' | 'ah' | null): SystemView {
  const sas = protocol === null ? [] : view.status.sas.filter(sa => sa.protocol !== protocol);
  return { ...view, status: { ...view.status, sas } };
}

function stepFor(statement: IpseckeyStatement): SystemStep {
  return (system, { status, unixSeconds }) => {
    switch (statement.kind) {
      case 'dump':
        return say(system, formatSadb(ofProtocol(status.sas, statement.protocol), unixSeconds, statement.protocol));
      case 'flush':
        if (statement.protocol === null) return act(system, nodeAction({ kind: 'flushSas' }));
        return act(system, ...ofProtocol(status.sas, statement.protocol).map(deletion));
      case 'get':
      case 'delete': {
        const found = ofProtocol(status.sas, statement.protocol).filter(sa => isMeant(sa, statement.sa));
        if (found.length === 0)
          return complain(system, [
            'ipseckey: return message for that SA: No such process',
            '  fix: ipseckey dump shows those that there are',
          ]);
        return statement.kind === 'delete'
          ? act(system, ...found.map(deletion))
          : say(system, formatSadb(found, unixSeconds, null));
      }
      case 'add':
        return added(system, status, unixSeconds, statement.setkey);
    }
  };
}

/** The node takes it as it takes the same of setkey. */
function added(system: System, status: SystemView['status'], unixSeconds: number, text: string): SystemEffect {
  const { statements, diagnostics } = readSetkeyStatements('ipseckey', text, { legacy: true });
  const [first] = diagnostics;
  if (statements === null)
    return complain(system, [`ipseckey: ${first?.message ?? ''}`, `  fix: ${first?.fix ?? 'say it in another way'}`]);
  let sum = done(system);
  for (const step of stepsOf(statements, 'ipseckey')) {
    const { commands, stderr, stdout, exitStatus } = step({ status, unixSeconds });
    const own = stderr.replace(/^The result of line \d+: /, 'ipseckey: ');
    sum = {
      ...joinedOutput(sum, { stdout, stderr: own, exitStatus }),
      system,
      actions: [...sum.actions, ...commands.map(nodeAction)],
    };
  }
  return sum;
}

const ofProtocol = (sas: readonly SaStatus[], protocol: 'esp' | 'ah' | null): SaStatus[] =>
  sas.filter(sa => protocol === null || sa.protocol === protocol);

const isMeant = (sa: SaStatus, { spi, source, destination }: SaWords): boolean =>
  sa.spi === spi &&
  (source === null || sa.source === source) &&
  (destination === null || sa.destination === destination);

const deletion = ({ spi, direction, protocol, source, destination }: SaStatus): SystemAction =>
  nodeAction({ kind: 'deleteSa', spi, direction, only: { protocol, source, destination } });
