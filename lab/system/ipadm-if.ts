import { didYouMean } from '../../engine/config/suggest.ts';
import { withSettings } from './apply.ts';
import { complain, stepPlan, wrong } from './effect.ts';
import { settingsWithoutInterface, withInterface } from './interface-settings.ts';
import { hasOption, readOptions } from './options.ts';
import { activeOf } from './settings.ts';
import type { System, SystemEffect, SystemPlan } from './system.ts';

/** `ipadm create-if [-t] interface`: IP uses the link, without an address yet. */
export function createIf(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 't', { temporary: 't' });
  if (reading.kind === 'wrong' || reading.options.operands.length !== 1) {
    return wrong('usage: ipadm create-if [-t] <interface>');
  }
  const [name = ''] = reading.options.operands;
  const isPersistent = !hasOption(reading.options, 't');
  return stepPlan(system => {
    const { settings } = system;
    const isLink = [...system.origin.interfaces, ...activeOf(settings.tunnels)].some(each => each.name === name);
    if (!isLink) return noSuchInterface(system, name, 'create');
    if (activeOf(settings.interfaces).some(each => each.name === name)) {
      return complain(system, `ipadm: Could not create ${name} : Interface already exists`);
    }
    const interfaces = withInterface(settings.interfaces, name, ['ipv4', 'ipv6'], isPersistent);
    return withSettings(system, { ...settings, interfaces });
  });
}

/** `ipadm delete-if interface`: with its addresses, now and for good. */
export function deleteIf(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, '');
  if (reading.kind === 'wrong' || reading.options.operands.length !== 1) {
    return wrong('usage: ipadm delete-if <interface>');
  }
  const [name = ''] = reading.options.operands;
  return stepPlan(system => {
    if (!system.settings.interfaces.some(each => each.name === name)) return noSuchInterface(system, name, 'delete');
    return withSettings(system, settingsWithoutInterface(system.settings, name));
  });
}

/** `enable-if -t` brings back what lasts of an interface, `disable-if -t` takes it out of use until the next restart. */
export function turnIf(turn: 'enable-if' | 'disable-if', argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 't', { temporary: 't' });
  if (reading.kind === 'wrong' || reading.options.operands.length !== 1) {
    return wrong(`usage: ipadm ${turn} -t <interface>`);
  }
  const [name = ''] = reading.options.operands;
  if (!hasOption(reading.options, 't')) {
    return wrong([`ipadm: persistent operation not supported for ${turn}`, `  fix: ipadm ${turn} -t ${name}`]);
  }
  return stepPlan(system => {
    const { settings } = system;
    const isLink = [...system.origin.interfaces, ...activeOf(settings.tunnels)].some(each => each.name === name);
    if (!settings.interfaces.some(each => each.name === name) || !isLink) {
      return noSuchInterface(system, name, turn === 'enable-if' ? 'enable' : 'disable');
    }
    const isActive = turn === 'enable-if';
    const turned = <T extends { readonly isActive: boolean; readonly isPersistent: boolean }>(each: T): T[] =>
      isActive || each.isPersistent ? [{ ...each, isActive }] : [];
    return withSettings(system, {
      ...settings,
      interfaces: settings.interfaces.flatMap(each => (each.name === name ? turned(each) : [each])),
      addresses: settings.addresses.flatMap(each => (each.interface === name ? turned(each) : [each])),
      routes: settings.routes.flatMap(each => (each.interface === name ? turned(each) : [each])),
    });
  });
}

export function noSuchInterface(system: System, name: string, verb: string): SystemEffect {
  const names = [...system.origin.interfaces, ...system.settings.tunnels].map(each => each.name);
  if (names.includes(name)) {
    return complain(system, [
      `ipadm: could not ${verb} ${name}: Interface does not exist`,
      `  fix: IP does not use it yet: ipadm create-if ${name}`,
    ]);
  }
  const fix = name.includes('/') ? 'an address object is deleted by ipadm delete-addr' : didYouMean(name, names, '');
  return complain(system, [`ipadm: could not ${verb} ${name}: Interface does not exist`, `  fix: ${fix}`]);
}
