import { didYouMean } from '../../engine/config/suggest.ts';
import { type Column, chosenColumns } from './columns.ts';
import { withSettings } from './apply.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { hasOption, optionValue, readOptions, splitOnce } from './options.ts';
import type { Family, Properties, PropertyValues } from './settings.ts';
import type { System, SystemPlan } from './system.ts';

const LAYOUT: readonly Column[] = [
  ['PROTO', 6],
  ['PROPERTY', 22],
  ['PERM', 5],
  ['CURRENT', 13],
  ['PERSISTENT', 13],
  ['DEFAULT', 13],
  ['POSSIBLE', 15],
];
const PROPERTIES = {
  forwarding: { possible: ['on', 'off'], fallback: 'off' },
  hostmodel: { possible: ['strong', 'src-priority', 'weak'], fallback: 'weak' },
} as const;
type Property = keyof typeof PROPERTIES;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const LONG = { temporary: 't', prop: 'p', parsable: 'c', parseable: 'c', output: 'o' };
const EXAMPLE = 'ipadm set-prop -p hostmodel=strong ipv4';

/** `ipadm set-prop [-t] -p prop=value protocol`. */
export function setProp(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'tp:', LONG);
  if (reading.kind === 'wrong') return wrong([`ipadm: ${reading.why}`, `  for instance: ${EXAMPLE}`]);
  const { options } = reading;
  const [name, value] = splitOnce(optionValue(options, 'p') ?? '', '=');
  const protocol = options.operands[0];
  if (name === '' || value === undefined || protocol === undefined || options.operands.length > 1) {
    return wrong(['usage: ipadm set-prop [-t] -p <prop>=<value> <protocol>', `  for instance: ${EXAMPLE}`]);
  }
  return setting(name, protocol, value, { isTemporary: hasOption(options, 't') });
}

/** `ipadm reset-prop [-t] -p prop protocol`: back to its default. */
export function resetProp(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'tp:', LONG);
  const name = reading.kind === 'read' ? optionValue(reading.options, 'p') : null;
  const protocol = reading.kind === 'read' ? reading.options.operands[0] : undefined;
  if (reading.kind === 'wrong' || name === null || protocol === undefined) {
    return wrong('usage: ipadm reset-prop [-t] -p <prop> <protocol>');
  }
  return setting(name, protocol, null, { isTemporary: hasOption(reading.options, 't') });
}

/** `ipadm show-prop [[-c] -o field,…] [-p prop,…] [protocol]`. */
export function showProp(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'cp:o:', LONG);
  if (reading.kind === 'wrong') return wrong(`ipadm show-prop: ${reading.why}`);
  const { options } = reading;
  const names = optionValue(options, 'p')?.split(',') ?? Object.keys(PROPERTIES);
  const bad = names.find(name => !isProperty(name));
  if (bad !== undefined) return unknownProperty(bad);
  const families = familiesOf(options.operands[0] ?? 'ip');
  if (families === null) return unknownProtocol(options.operands[0] ?? '');
  const fields = optionValue(options, 'o')?.split(',') ?? null;
  return stepPlan(system => {
    const { current, persistent } = system.settings.properties;
    const rows = families.flatMap(family =>
      names.filter(isProperty).map(name => {
        const { possible, fallback } = PROPERTIES[name];
        const lasting = persistent[name][family];
        const shown = lasting === fallback ? '--' : lasting;
        return [family, name, 'rw', current[name][family], shown, fallback, possible.join(',')];
      }),
    );
    const chosen = chosenColumns(LAYOUT, rows, { fields, isParsable: hasOption(options, 'c') });
    if (chosen.kind === 'text') return say(system, chosen.text);
    return complain(system, `ipadm: Unknown output field '${chosen.field}'`);
  });
}

function setting(
  name: string,
  protocol: string,
  value: string | null,
  how: { readonly isTemporary: boolean },
): SystemPlan {
  if (!isProperty(name)) return unknownProperty(name);
  const families = familiesOf(protocol);
  if (families === null) return unknownProtocol(protocol);
  const { possible, fallback } = PROPERTIES[name];
  const wanted = value ?? fallback;
  if (!possible.some(each => each === wanted)) {
    return wrong([
      `ipadm: setting property '${name}' to '${wanted}' : Invalid argument provided`,
      `  fix: one of ${possible.join(', ')}`,
    ]);
  }
  return stepPlan(system => {
    const { settings } = system;
    if (name === 'forwarding' && families.some(family => settings.properties.current.forwarding[family] !== wanted)) {
      return complain(system, forwardingIsGiven(system));
    }
    const before = settings.properties;
    const properties: Properties = {
      current: withValues(before.current, name, families, wanted),
      persistent: how.isTemporary ? before.persistent : withValues(before.persistent, name, families, wanted),
    };
    const effect = withSettings(system, { ...settings, properties });
    if (wanted !== 'src-priority') return effect;
    const stderr = 'ipadm: note: this node prefers no source by its interface: src-priority is like weak here\n';
    return { ...effect, stderr };
  });
}

function withValues(
  values: PropertyValues,
  name: Property,
  families: readonly Family[],
  value: string,
): PropertyValues {
  const changedValues = Object.fromEntries(families.map(family => [family, value]));
  return { ...values, [name]: { ...values[name], ...changedValues } };
}

function forwardingIsGiven({ origin }: System): readonly string[] {
  return [
    `ipadm: setting property 'forwarding': whether ${origin.name} forwards is what its topology says of it`,
    `  fix: ${origin.forwarding ? 'leave it on, and let IP Filter decide what passes' : 'make it a gateway or a router in the topology'}`,
  ];
}

const isProperty = (name: string): name is Property => Object.hasOwn(PROPERTIES, name);

/** `ip` is both. */
function familiesOf(protocol: string): readonly Family[] | null {
  if (protocol === 'ip') return FAMILIES;
  const found = FAMILIES.filter(family => family === protocol);
  return found.length === 0 ? null : found;
}

const unknownProperty = (name: string): SystemPlan =>
  wrong([`ipadm: Unknown property '${name}'`, `  fix: ${didYouMean(name, Object.keys(PROPERTIES), '')}`]);

const unknownProtocol = (protocol: string): SystemPlan =>
  wrong([`ipadm: Unsupported protocol '${protocol}'`, `  fix: one of ip, ipv4, ipv6`]);
