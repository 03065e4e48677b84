import { didYouMean } from '../../engine/config/suggest.ts';
import { withoutLength, withSettings } from './apply.ts';
import { complain, stepPlan, wrong } from './effect.ts';
import { idle } from './interface-settings.ts';
import { readOptions } from './options.ts';
import { activeOf, type AddressSetting, type Settings } from './settings.ts';
import type { System, SystemEffect, SystemPlan } from './system.ts';

/** `ipadm delete-addr object`: now and for good. */
export function deleteAddr(argv: readonly string[]): SystemPlan {
  const object = onlyObject(argv, 'r');
  if (object === null) return wrong('usage: ipadm delete-addr <addrobj>');
  return stepPlan(system => {
    const { settings } = system;
    const address = settings.addresses.find(each => each.object === object);
    if (address === undefined) return noSuchObject(system, object, 'delete address');
    const addresses = settings.addresses.filter(each => each !== address);
    return withSettings(system, withoutLostRoutes({ ...settings, addresses }, address));
  });
}

export type Turn = 'up-addr' | 'down-addr' | 'enable-addr' | 'disable-addr';

/** `up` and `down` leave the object where it is; `enable` and `disable` bring it back from what lasts, or take it out of use. */
export function turnAddr(turn: Turn, argv: readonly string[]): SystemPlan {
  const object = onlyObject(argv, 't');
  if (object === null) return wrong(`usage: ipadm ${turn} [-t] <addrobj>`);
  return stepPlan(system => {
    const { settings } = system;
    const address = settings.addresses.find(each => each.object === object);
    if (address === undefined) return noSuchObject(system, object, `${turn.split('-')[0]} address`);
    const link = address.interface;
    const hasLink = [...activeOf(settings.tunnels), ...system.origin.interfaces].some(each => each.name === link);
    if (turn === 'enable-addr' && !hasLink) {
      return complain(system, [
        `ipadm: Could not enable address: Interface does not exist: '${link}'`,
        '  fix: dladm create-iptun',
      ]);
    }
    const young = turned(address, turn);
    const addresses = settings.addresses.flatMap(each => (each === address ? young : [each]));
    const next = { ...settings, addresses };
    const isGone = turn === 'down-addr' || turn === 'disable-addr';
    return withSettings(system, isGone ? withoutLostRoutes(next, address) : next);
  });
}

function turned(address: AddressSetting, turn: Turn): AddressSetting[] {
  switch (turn) {
    case 'up-addr':
      return [{ ...address, isDown: false }];
    case 'down-addr':
      return [{ ...address, isDown: true }];
    case 'enable-addr':
      return [{ ...address, isActive: true, isDown: false }];
    case 'disable-addr':
      return address.isPersistent ? [{ ...address, isActive: false }] : [];
  }
}

/** The routes whose gateway was behind that address are not in use any more. */
export function withoutLostRoutes(settings: Settings, address: AddressSetting): Settings {
  const { interface: link, kind } = address;
  const isBehind = (gateway: string) =>
    kind === 'addrconf'
      ? gateway.startsWith('fe80:')
      : address.remote !== null && gateway === withoutLength(address.remote);
  const routes = settings.routes.flatMap(route =>
    route.interface === link && route.gateway !== null && isBehind(route.gateway) ? idle(route) : [route],
  );
  return { ...settings, routes };
}

function onlyObject(argv: readonly string[], known: string): string | null {
  const reading = readOptions(argv, known, { temporary: 't' });
  if (reading.kind === 'wrong' || reading.options.operands.length !== 1) return null;
  return reading.options.operands[0] ?? null;
}

export function noSuchObject(system: System, object: string, what: string): SystemEffect {
  const names = system.settings.addresses.map(each => each.object);
  return complain(system, [
    `ipadm: could not ${what}: Address object not found: '${object}'`,
    `  fix: ${didYouMean(object, names, 'there is none')}`,
  ]);
}
