import { formatAddress, isMulticast, isUnspecified, parseAddress } from '../../engine/wire/address.ts';
import { parsePrefix } from '../../engine/wire/prefix.ts';
import { withoutLength, withSettings } from './apply.ts';
import { complain, stepPlan, wrong } from './effect.ts';
import { withInterface } from './interface-settings.ts';
import { hasOption, type Options, optionValue, optionValues, readOptions, splitOnce } from './options.ts';
import { activeOf, type AddressKind, type AddressSetting, type Family } from './settings.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';

const LONG = { temporary: 't', type: 'T', address: 'a', down: 'd', 'interface-id': 'i', prop: 'p' };
const STATIC_EXAMPLE = 'ipadm create-addr -T static -a local=10.0.0.1,remote=10.0.1.1 v4_bob0/v4';
const ADDRCONF_EXAMPLE = 'ipadm create-addr -T addrconf v4_bob0/v6';
/** The part of an address object behind its interface. */
const OBJECT_NAME = /^[A-Za-z]\w{0,31}$/;

/** `ipadm create-addr [-t] -T type [-a {local|remote}=addr,…] object`. */
export function createAddr(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'tT:a:di:p:h:w:', LONG);
  if (reading.kind === 'wrong') return wrong([`ipadm: ${reading.why}`, `  for instance: ${STATIC_EXAMPLE}`]);
  const { options } = reading;
  const [object, ...more] = options.operands;
  if (object === undefined || more.length > 0) {
    return wrong([
      object === undefined ? 'ipadm: address object required' : `ipadm: what is ${more[0]}?`,
      `  for instance: ${STATIC_EXAMPLE}`,
    ]);
  }
  switch (optionValue(options, 'T')) {
    case 'static':
      return stepPlan((system, view) => createStatic(system, view, object, options));
    case 'addrconf':
      if (hasOption(options, 'a')) {
        return wrong([
          'ipadm: -a is for -T static: addrconf forms its addresses by itself',
          `  for instance: ${ADDRCONF_EXAMPLE}`,
        ]);
      }
      if (hasOption(options, 'i')) {
        return wrong([
          'ipadm: an interface identifier is not to be chosen here: the node forms it of the addresses of the tunnel',
        ]);
      }
      return stepPlan((system, view) => create(system, view, object, { kind: 'addrconf' }, options));
    case 'dhcp':
      return wrong([
        'ipadm: Could not create address: no DHCP server is in this lab',
        `  for instance: ${STATIC_EXAMPLE}`,
      ]);
    case null:
      return wrong(['ipadm: address type required', '  fix: say -T static or -T addrconf']);
    default:
      return wrong([`ipadm: Invalid address type ${optionValue(options, 'T')}`, '  fix: say -T static or -T addrconf']);
  }
}

function createStatic(system: System, view: SystemView, object: string, options: Options): SystemEffect {
  const ends = new Map<string, string>();
  for (const part of optionValues(options, 'a').flatMap(text => text.split(','))) {
    const [name, value] = splitOnce(part, '=');
    const [end, text] = value === undefined ? ['local', name] : [name, value];
    if (end !== 'local' && end !== 'remote') {
      return complain(system, [`ipadm: '${end}' is neither local nor remote`, `  for instance: ${STATIC_EXAMPLE}`]);
    }
    ends.set(end, text);
  }
  const [local, remote = null] = [ends.get('local'), ends.get('remote')];
  if (local === undefined)
    return complain(system, ['ipadm: local address required', `  for instance: ${STATIC_EXAMPLE}`]);
  const bad = [local, remote].find(text => text !== null && !isUsable(text));
  if (bad !== undefined && bad !== null) {
    return complain(system, [
      `ipadm: Could not create address: Invalid address ${bad}`,
      `  for instance: ${STATIC_EXAMPLE}`,
    ]);
  }
  const far = remote === null ? null : formatted(withoutLength(remote));
  if (far !== null && far.includes(':') !== local.includes(':')) {
    return complain(system, [`ipadm: Could not create address: ${local} and ${remote} are of two versions of IP`]);
  }
  const length = lengthOf(local, far !== null);
  return create(
    system,
    view,
    object,
    { kind: 'static', local: `${formatted(withoutLength(local))}/${length}`, remote: far },
    options,
  );
}

function create(system: System, view: SystemView, object: string, what: AddressKind, options: Options): SystemEffect {
  const { settings, origin } = system;
  const [link, name] = splitOnce(object, '/');
  const isTunnel = activeOf(settings.tunnels).some(each => each.name === link);
  if (!isTunnel && !origin.interfaces.some(each => each.name === link)) return noSuchLink(system, object, link);
  if (name !== undefined && !OBJECT_NAME.test(name)) {
    return complain(system, [
      `ipadm: Could not create address: Invalid argument provided: '${object}'`,
      `  fix: interface/name, for instance ${link}/v4`,
    ]);
  }
  const whole = name === undefined ? `${link}/${freeName(system, link, what)}` : object;
  if (settings.addresses.some(each => each.object === whole)) {
    return complain(system, [
      'ipadm: Could not create address: Address object already exists',
      `  fix: another name than ${whole}, or first ipadm delete-addr ${whole}`,
    ]);
  }
  const trouble = conflict(system, view, link, what, isTunnel);
  if (trouble !== null) return complain(system, trouble);
  const isPersistent = !hasOption(options, 't');
  const address: AddressSetting = {
    object: whole,
    interface: link,
    isDown: hasOption(options, 'd'),
    isActive: true,
    isPersistent,
    ...what,
  };
  const next = {
    ...settings,
    addresses: [...settings.addresses, address],
    interfaces: withInterface(settings.interfaces, link, [familyOf(what)], isPersistent),
  };
  return withSettings(system, next);
}

function conflict(
  { settings }: System,
  { status }: SystemView,
  link: string,
  what: AddressKind,
  isTunnel: boolean,
): readonly string[] | null {
  const failed = 'ipadm: Could not create address:';
  if (what.kind === 'addrconf') {
    const before = activeOf(settings.addresses).find(each => each.interface === link && each.kind === 'addrconf');
    return before === undefined ? null : [`${failed} Addrconf already in progress`, `  it is ${before.object}`];
  }
  if (what.remote === null && isTunnel) {
    return [`${failed} ${link} is a point-to-point link: remote address required`, `  for instance: ${STATIC_EXAMPLE}`];
  }
  if (what.remote !== null && !isTunnel) {
    return [`${failed} ${link} is no point-to-point link: it has no remote address`, `  fix: -a local=${what.local}`];
  }
  const own = withoutLength(what.local);
  const isThere = status.interfaces.some(
    each => each.name === link && each.addresses.some(text => withoutLength(text) === own),
  );
  return isThere ? [`${failed} Address already exists`, `  ${link} has ${own}: ipadm show-addr`] : null;
}

function noSuchLink(system: System, object: string, link: string): SystemEffect {
  const names = [...system.origin.interfaces, ...activeOf(system.settings.tunnels)].map(each => each.name);
  return complain(system, [
    `ipadm: Could not create address: Interface does not exist: '${link}'`,
    object.includes('/')
      ? `  there is ${names.join(', ')}; a tunnel comes by dladm create-iptun`
      : `  an address object is called interface/name, for instance ${names[0] ?? 'net0'}/v4`,
  ]);
}

export const familyOf = (what: AddressKind): Family =>
  what.kind === 'addrconf' || what.local.includes(':') ? 'ipv6' : 'ipv4';

/** As `ipadm create-addr` names an object that was given none. */
function freeName({ settings }: System, link: string, what: AddressKind): string {
  const family = familyOf(what) === 'ipv4' ? 'v4' : 'v6';
  const taken = new Set(settings.addresses.filter(each => each.interface === link).map(each => each.object));
  let name = family;
  for (let at = 0; taken.has(`${link}/${name}`); at += 1)
    name = `${family}${'abcdefghijklmnopqrstuvwxyz'.charAt(at % 26)}`;
  return name;
}

function isUsable(text: string): boolean {
  const address = text.includes('/') ? (parsePrefix(text)?.address ?? null) : parseAddress(text);
  return address !== null && !isMulticast(address) && !isUnspecified(address);
}

function formatted(text: string): string {
  const address = parseAddress(text);
  return address === null ? text : formatAddress(address);
}

/** What is not said: a host's own of a point-to-point link, a /64, and by class in IPv4. */
function lengthOf(text: string, isPointToPoint: boolean): number {
  const given = parsePrefix(text);
  if (text.includes('/') && given !== null) return given.length;
  if (text.includes(':')) return isPointToPoint ? 128 : 64;
  if (isPointToPoint) return 32;
  const first = Number(text.split('.')[0]);
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}
