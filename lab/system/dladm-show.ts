import { withSettings } from './apply.ts';
import { type Column, chosenColumns } from './columns.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { hasOption, type Options, optionValue, readOptions } from './options.ts';
import { activeOf, persistentOf, withoutSettings } from './settings.ts';
import { settingsWithoutInterface } from './interface-settings.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';

const LONG = { temporary: 't', persistent: 'P', parsable: 'p', parseable: 'p', output: 'o', 'root-dir': 'R' };
const IPTUN: readonly Column[] = [
  ['LINK', 16],
  ['TYPE', 6],
  ['FLAGS', 7],
  ['LOCAL', 20],
  ['REMOTE', 20],
];
const LINK: readonly Column[] = [
  ['LINK', 12],
  ['CLASS', 10],
  ['MTU', 7],
  ['STATE', 9],
  ['BRIDGE', 11],
  ['OVER', 10],
];

/** `dladm delete-iptun [-t] link`. As there, an interface of IP has to be off it first. */
export function deleteIptun(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'tR:', LONG);
  const name = reading.kind === 'read' ? reading.options.operands[0] : undefined;
  if (reading.kind === 'wrong' || name === undefined || reading.options.operands.length > 1) {
    return wrong('usage: dladm delete-iptun [-t] <iptun-link>');
  }
  const isTemporary = hasOption(reading.options, 't');
  return stepPlan(system => {
    const { settings } = system;
    const tunnel = settings.tunnels.find(each => each.name === name);
    if (tunnel === undefined || (isTemporary && !tunnel.isActive)) return noSuchTunnel(system, name);
    const users = activeOf(settings.interfaces).filter(each => each.name === name);
    if (users.length > 0) {
      return complain(system, [
        `dladm: could not delete tunnel: link busy`,
        `  fix: IP uses ${name}: first ipadm delete-if ${name}`,
      ]);
    }
    const tunnels = withoutSettings(settings.tunnels, each => each.name === name, { isTemporary });
    const bare = isTemporary ? settings : settingsWithoutInterface(settings, name);
    return withSettings(system, { ...bare, tunnels });
  });
}

/** `dladm show-iptun`: flag `s` when a policy of IPsec is about the tunnel, `i` when its SAs were set up without one. */
export function showIptun(argv: readonly string[]): SystemPlan {
  return shows('show-iptun', argv, IPTUN, (system, view, options) => {
    const { tunnels } = system.settings;
    const shown = hasOption(options, 'P') ? persistentOf(tunnels) : activeOf(tunnels);
    const [name] = options.operands;
    if (name !== undefined && !shown.some(each => each.name === name)) return null;
    return shown
      .filter(each => name === undefined || each.name === name)
      .map(({ name: own, type, local, remote }) => [own, type, flagsOf(own, view, options), local, remote]);
  });
}

/** `dladm show-link`: physical links, and the tunnels. */
export function showLink(argv: readonly string[]): SystemPlan {
  return shows('show-link', argv, LINK, ({ settings, origin }, { status }, options) => {
    const names = [
      ...origin.interfaces.map(each => [each.name, 'phys'] as const),
      ...(hasOption(options, 'P') ? persistentOf(settings.tunnels) : activeOf(settings.tunnels)).map(
        each => [each.name, 'iptun'] as const,
      ),
    ];
    const [name] = options.operands;
    if (name !== undefined && !names.some(([own]) => own === name)) return null;
    return names
      .filter(([own]) => name === undefined || own === name)
      .map(([own, kind]) => {
        const found = status.interfaces.find(each => each.name === own);
        const state = found === undefined ? 'unknown' : found.up ? 'up' : 'down';
        return [own, kind, String(found?.mtu ?? 0), state, '--', '--'];
      });
  });
}

type Rows = (system: System, view: SystemView, options: Options) => readonly (readonly string[])[] | null;

function shows(name: string, argv: readonly string[], layout: readonly Column[], rowsOf: Rows): SystemPlan {
  const reading = readOptions(argv, 'Ppo:', LONG);
  if (reading.kind === 'wrong') return wrong(`dladm ${name}: ${reading.why}`);
  const { options } = reading;
  const asked = optionValue(options, 'o');
  const isParsable = hasOption(options, 'p');
  if (options.operands.length > 1) return wrong(`usage: dladm ${name} [-P] [[-p] -o <field>,...] [<link>]`);
  if (isParsable && asked === null) return wrong('dladm: invalid output format: -p requires -o');
  return stepPlan((system, view) => {
    const rows = rowsOf(system, view, options);
    if (rows === null) return noSuchTunnel(system, options.operands[0] ?? '');
    if (rows.length === 0 && asked === null) return say(system, '');
    const chosen = chosenColumns(layout, rows, { fields: asked?.split(',') ?? null, isParsable });
    if (chosen.kind === 'text') return say(system, chosen.text);
    const known = layout.map(([heading]) => heading.toLowerCase()).join(',');
    return complain(system, [`dladm: unknown output field '${chosen.field}'`, `  fix: some of ${known}`]);
  });
}

function noSuchTunnel(system: System, name: string): SystemEffect {
  const names = system.settings.tunnels.map(each => each.name);
  const known = names.length === 0 ? 'there is none: dladm create-iptun makes one' : `there is ${names.join(', ')}`;
  return complain(system, [`dladm: object not found: link '${name}'`, `  ${known}`]);
}

function flagsOf(name: string, { status }: SystemView, options: Options): string {
  const isProtected = status.policies.some(({ config }) => config.tunnel === name && config.action.kind === 'protect');
  return !hasOption(options, 'P') && isProtected ? 's-' : '--';
}
