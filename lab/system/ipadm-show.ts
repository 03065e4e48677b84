import type { NodeStatus } from '../../engine/node/node.ts';
import { withoutLength } from './apply.ts';
import { type Column, chosenColumns } from './columns.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { noSuchObject } from './ipadm-addr.ts';
import { noSuchInterface } from './ipadm-if.ts';
import { hasOption, optionValue, readOptions } from './options.ts';
import type { AddressSetting } from './settings.ts';
import type { System, SystemEffect, SystemPlan } from './system.ts';

const ADDR: readonly Column[] = [
  ['ADDROBJ', 18],
  ['TYPE', 9],
  ['STATE', 13],
  ['ADDR', 45],
];
const ADDR_FIELDS: readonly Column[] = [...ADDR, ['CURRENT', 8], ['PERSISTENT', 11]];
const IF: readonly Column[] = [
  ['IFNAME', 11],
  ['STATE', 9],
  ['CURRENT', 13],
  ['PERSISTENT', 10],
];
type Interface = NodeStatus['interfaces'][number];

/** `ipadm show-addr [[-p] -o field,…] [object]`. An interface, or one with `/` behind it, stands for all of its objects. */
export function showAddr(argv: readonly string[]): SystemPlan {
  return shows('show-addr', argv, ADDR, ADDR_FIELDS, (system, interfaces, asked) => {
    const loopback = [
      ['lo0/v4', 'static', 'ok', '127.0.0.1/8', 'U--', '---'],
      ['lo0/v6', 'static', 'ok', '::1/128', 'U--', '---'],
    ];
    const rows = [...loopback, ...system.settings.addresses.flatMap(setting => addressRows(setting, interfaces))];
    const link = asked?.endsWith('/') === true ? asked.slice(0, -1) : asked;
    const isAsked = (object = '') => asked === undefined || object === asked || object.split('/')[0] === link;
    const chosen = rows.filter(([object]) => isAsked(object));
    return chosen.length === 0 && asked !== undefined ? noSuchObject(system, asked, 'get address') : chosen;
  });
}

/** `ipadm show-if [[-p] -o field,…] [interface]`. */
export function showIf(argv: readonly string[]): SystemPlan {
  return shows('show-if', argv, IF, IF, (system, interfaces, asked) => {
    const rows = [
      ['lo0', 'ok', '-m-v------46', '---'],
      ...system.settings.interfaces.map(({ name, families, isActive, isPersistent }) => {
        const found = interfaces.find(each => each.name === name);
        const lasting = isPersistent ? `-${flagsOf(families)}` : '---';
        if (!isActive || found === undefined) return [name, 'disabled', '------------', lasting];
        const kind = found.kind === 'tunnel' ? '-mp-------' : 'bm--------';
        return [name, found.up ? 'ok' : 'down', `${kind}${flagsOf(families)}`, lasting];
      }),
    ];
    const chosen = rows.filter(([name]) => asked === undefined || name === asked);
    return chosen.length === 0 && asked !== undefined ? noSuchInterface(system, asked, 'get interface') : chosen;
  });
}

const flagsOf = (families: readonly string[]): string =>
  `${families.includes('ipv4') ? '4' : '-'}${families.includes('ipv6') ? '6' : '-'}`;

type Rows = (
  system: System,
  interfaces: readonly Interface[],
  asked: string | undefined,
) => readonly (readonly string[])[] | SystemEffect;

function shows(
  name: string,
  argv: readonly string[],
  usual: readonly Column[],
  layout: readonly Column[],
  rowsOf: Rows,
): SystemPlan {
  const reading = readOptions(argv, 'cpdo:', { parsable: 'p', parseable: 'p', output: 'o' });
  if (reading.kind === 'wrong') return wrong(`ipadm ${name}: ${reading.why}`);
  const { options } = reading;
  const fields = optionValue(options, 'o')?.split(',') ?? usual.map(([heading]) => heading);
  const isParsable = hasOption(options, 'p') || hasOption(options, 'c');
  if (isParsable && optionValue(options, 'o') === null) return wrong('ipadm: -p requires -o');
  if (options.operands.length > 1) return wrong(`usage: ipadm ${name} [[-p] -o <field>,...] [<object>]`);
  return stepPlan((system, { status }) => {
    const rows = rowsOf(system, status.interfaces, options.operands[0]);
    if (!isRows(rows)) return rows;
    const chosen = chosenColumns(layout, rows, { fields, isParsable });
    if (chosen.kind === 'text') return say(system, chosen.text);
    const known = layout.map(([heading]) => heading.toLowerCase()).join(',');
    return complain(system, [`ipadm: Unknown output field '${chosen.field}'`, `  fix: some of ${known}`]);
  });
}

const isRows = (rows: readonly (readonly string[])[] | SystemEffect): rows is readonly (readonly string[])[] =>
  Array.isArray(rows);

/** One line, and with addrconf another for each address that routers have brought about. */
function addressRows(setting: AddressSetting, interfaces: readonly Interface[]): string[][] {
  const { object, kind, isActive, isDown, isPersistent } = setting;
  const found = interfaces.find(each => each.name === setting.interface);
  const flags = [`${isActive && !isDown ? 'U' : '-'}--`, `${isPersistent ? 'U' : '-'}--`];
  const row = (state: string, address: string) => [object, kind, state, address, ...flags];
  if (kind === 'static') {
    const far = setting.remote === null ? null : withoutLength(setting.remote);
    const address = far === null ? setting.local : `${withoutLength(setting.local)}->${far}`;
    return [row(!isActive || found === undefined ? 'disabled' : isDown ? 'down' : 'ok', address)];
  }
  if (!isActive || found === undefined) return [row('disabled', '::')];
  const own = found.addresses.filter(text => text.startsWith('fe80:'));
  const rows = own.map(text => {
    const far = found.tunnel?.remoteLinkLocal;
    return row('ok', far === undefined ? `${withoutLength(text)}/10` : `${withoutLength(text)}->${far}`);
  });
  return rows.length === 0 ? [row('tentative', '::')] : rows;
}
