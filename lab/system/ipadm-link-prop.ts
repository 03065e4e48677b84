import type { NodeStatus } from '../../engine/node/node.ts';
import { didYouMean } from '../../engine/config/suggest.ts';
import { type Column, chosenColumns } from './columns.ts';
import { complain, done, say, stepPlan, wrong } from './effect.ts';
import { noSuchObject } from './ipadm-addr.ts';
import { noSuchInterface } from './ipadm-if.ts';
import { hasOption, optionValue, readOptions, splitOnce } from './options.ts';
import { activeOf } from './settings.ts';
import type { System, SystemPlan } from './system.ts';

const TAIL: readonly Column[] = [
  ['PERM', 5],
  ['CURRENT', 13],
  ['PERSISTENT', 13],
  ['DEFAULT', 13],
  ['POSSIBLE', 15],
];
const LONG = { temporary: 't', prop: 'p', module: 'm', parsable: 'c', parseable: 'c', output: 'o' };

/** Of interfaces: who says what they are. */
const INTERFACE: Readonly<Record<string, string>> = {
  mtu: 'write mtu: under the interface in the topology; that of a tunnel follows the path below it',
  forwarding: 'make the node a gateway or a router in the topology; IP Filter decides what passes',
};
const OBJECT: Readonly<Record<string, string>> = {
  prefixlen: 'delete the address, and create it anew with the other length',
};

/** `ipadm show-ifprop [[-c] -o field,…] [-p prop,…] [interface]`. */
export function showIfProp(argv: readonly string[]): SystemPlan {
  return shown(
    argv,
    'show-ifprop',
    INTERFACE,
    [['IFNAME', 12], ['PROPERTY', 16], ['PROTO', 6], ...TAIL],
    (system, status, only) => {
      const names = activeOf(system.settings.interfaces).map(({ name }) => name);
      if (only !== null && !names.includes(only)) return noSuchInterface(system, only, 'show');
      return names
        .filter(name => only === null || name === only)
        .flatMap(name =>
          (['ipv4', 'ipv6'] as const).flatMap(family => {
            const mtu = String(status.interfaces.find(each => each.name === name)?.mtu ?? '--');
            const forwarding = system.settings.properties.current.forwarding[family];
            return [
              [name, 'forwarding', family, 'r-', forwarding, '--', 'off', 'on,off'],
              [name, 'mtu', family, 'r-', mtu, '--', mtu, mtu],
            ];
          }),
        );
    },
  );
}

/** `ipadm show-addrprop [[-c] -o field,…] [-p prop,…] [object]`. */
export function showAddrProp(argv: readonly string[]): SystemPlan {
  return shown(argv, 'show-addrprop', OBJECT, [['ADDROBJ', 20], ['PROPERTY', 16], ...TAIL], (system, _, only) => {
    const objects = activeOf(system.settings.addresses);
    if (only !== null && !objects.some(({ object }) => object === only))
      return noSuchObject(system, only, 'show address');
    return objects
      .filter(({ object }) => only === null || object === only)
      .map(address => {
        const local = address.kind === 'static' ? address.local : 'fe80::/10';
        const most = local.includes(':') ? '128' : '32';
        const length = local.split('/')[1] ?? most;
        return [address.object, 'prefixlen', 'r-', length, length, length, `1-${most}`];
      });
  });
}

type Rows = readonly (readonly string[])[];

function shown(
  argv: readonly string[],
  subcommand: string,
  known: Readonly<Record<string, string>>,
  layout: readonly Column[],
  rowsOf: (system: System, status: NodeStatus, only: string | null) => Rows | ReturnType<typeof complain>,
): SystemPlan {
  const reading = readOptions(argv, 'cp:o:m:', LONG);
  if (reading.kind === 'wrong' || reading.options.operands.length > 1)
    return wrong(`usage: ipadm ${subcommand} [[-c] -o <field>,...] [-p <prop>,...] [<name>]`);
  const { options } = reading;
  const properties = optionValue(options, 'p')?.split(',') ?? Object.keys(known);
  const bad = properties.find(name => known[name] === undefined);
  if (bad !== undefined) return unknownProperty(bad, known);
  return stepPlan((system, { status }) => {
    const rows = rowsOf(system, status, options.operands[0] ?? null);
    if ('system' in rows) return rows;
    const fields = optionValue(options, 'o')?.split(',') ?? null;
    const wanted = rows.filter(([, property = '']) => properties.includes(property));
    const chosen = chosenColumns(layout, wanted, { fields, isParsable: hasOption(options, 'c') });
    if (chosen.kind === 'text') return say(system, chosen.text);
    return complain(system, `ipadm: Unknown output field '${chosen.field}'`);
  });
}

/** `set-ifprop`, `reset-ifprop`, `set-addrprop` and `reset-addrprop`: each property, and where it is said. */
export function setLinkProp(subcommand: string, argv: readonly string[]): SystemPlan {
  const known = subcommand.endsWith('ifprop') ? INTERFACE : OBJECT;
  const reading = readOptions(argv, 'tp:m:', LONG);
  const [name = ''] = reading.kind === 'read' ? splitOnce(optionValue(reading.options, 'p') ?? '', '=') : [];
  if (name === '') return wrong(`usage: ipadm ${subcommand} [-t] -p <prop>[=<value>] <name>`);
  const fix = known[name];
  if (fix === undefined) return unknownProperty(name, known);
  return wrong([`ipadm: ${subcommand}: '${name}' is not set here`, `  fix: ${fix}`]);
}

/** `ipadm refresh-addr object`: what is advertised is taken as it comes, and so there is nothing to do. */
export function refreshAddr(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'i');
  const object = reading.kind === 'read' ? reading.options.operands[0] : undefined;
  if (object === undefined) return wrong('usage: ipadm refresh-addr <addrobj>');
  return stepPlan(system =>
    system.settings.addresses.some(each => each.object === object)
      ? done(system)
      : noSuchObject(system, object, 'refresh address'),
  );
}

const unknownProperty = (name: string, known: Readonly<Record<string, string>>): SystemPlan =>
  wrong([`ipadm: Unknown property '${name}'`, `  fix: ${didYouMean(name, Object.keys(known), '')}`]);
