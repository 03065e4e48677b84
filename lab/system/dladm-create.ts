import { formatAddress, isMulticast, isUnspecified, parseAddress } from '../../engine/wire/address.ts';
import { withSettings } from './apply.ts';
import { complain, stepPlan, wrong } from './effect.ts';
import { assignments, hasOption, optionValue, optionValues, readOptions } from './options.ts';
import { activeOf, type Family, type TunnelSetting } from './settings.ts';
import type { System, SystemEffect, SystemPlan } from './system.ts';

const LONG = { temporary: 't', 'tunnel-type': 'T', address: 'a', 'root-dir': 'R' };
const EXAMPLE = 'dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 v4_bob0';
/** Of the name of a link: letters, digits, `_` and `.`, and at its end a number. */
const NAME_MAX = 31;

/** `dladm create-iptun [-t] -T type -a local=…,remote=… link`; `-s` and `-d` are older names of the two ends. */
export function createIptun(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'tT:a:s:d:R:', LONG);
  if (reading.kind === 'wrong') return wrong([`dladm create-iptun: ${reading.why}`, `  for instance: ${EXAMPLE}`]);
  const { options } = reading;
  const [name, ...more] = options.operands;
  const type = optionValue(options, 'T');
  if (name === undefined || more.length > 0) {
    return wrong([
      name === undefined ? 'dladm create-iptun: tunnel link name required' : `dladm create-iptun: what is ${more[0]}?`,
      `  for instance: ${EXAMPLE}`,
    ]);
  }
  if (type === null) {
    return wrong(['dladm: tunnel type required', '  fix: say -T ipv4 or -T ipv6: the version of IP that carries it']);
  }
  if (type !== 'ipv4' && type !== 'ipv6') {
    const why = type === '6to4' ? 'a 6to4 tunnel has no peer that IPsec could know' : `unknown tunnel type '${type}'`;
    return wrong([`dladm: ${why}`, '  fix: use ipv4 or ipv6']);
  }
  const ends = assignments([
    ...optionValues(options, 'a'),
    ...optionValues(options, 's').map(value => `local=${value}`),
    ...optionValues(options, 'd').map(value => `remote=${value}`),
  ]);
  if (ends === null) return wrong(['dladm: invalid tunnel address', `  for instance: ${EXAMPLE}`]);
  const unknown = [...ends.keys()].find(key => key !== 'local' && key !== 'remote');
  if (unknown !== undefined)
    return wrong([`dladm: '${unknown}' is neither local nor remote`, `  for instance: ${EXAMPLE}`]);
  const isPersistent = !hasOption(options, 't');
  return stepPlan(system =>
    create(system, { name, type, local: ends.get('local'), remote: ends.get('remote'), isPersistent }),
  );
}

interface Wanted {
  readonly name: string;
  readonly type: Family;
  readonly local: string | undefined;
  readonly remote: string | undefined;
  readonly isPersistent: boolean;
}

function create(system: System, wanted: Wanted): SystemEffect {
  const { name, type, isPersistent } = wanted;
  const trouble = nameTrouble(system, name);
  if (trouble !== null) return complain(system, trouble);
  const local = endOf(wanted.local, type);
  const remote = endOf(wanted.remote, type);
  if (local === null || remote === null) {
    const which = local === null ? 'local' : 'remote';
    const given = local === null ? wanted.local : wanted.remote;
    const why =
      given === undefined ? `${which} tunnel address required` : `invalid ${which} tunnel address: '${given}'`;
    return complain(system, [
      `dladm: could not create tunnel: ${why}`,
      `  fix: an ${type === 'ipv4' ? 'IPv4' : 'IPv6'} address; for instance ${EXAMPLE}`,
    ]);
  }
  const twin = activeOf(system.settings.tunnels).find(each => each.local === local && each.remote === remote);
  if (twin !== undefined) {
    return complain(system, [
      'dladm: could not create tunnel: addresses already in use',
      `  ${twin.name} leads from ${local} to ${remote} already: nobody could tell whose packets are whose`,
    ]);
  }
  const tunnel: TunnelSetting = { name, type, local, remote, mtu: null, isActive: true, isPersistent };
  const tunnels = [...system.settings.tunnels.filter(each => each.name !== name), tunnel];
  const effect = withSettings(system, { ...system.settings, tunnels });
  if (isOwnAddress(system, local)) return effect;
  const warning = `${local} is not an address of ${system.origin.name}: nothing will come by ${name} until it is`;
  return { ...effect, stderr: `dladm: warning: ${warning}\n` };
}

function nameTrouble({ settings, origin }: System, name: string): readonly string[] | null {
  if (settings.tunnels.some(each => each.name === name) || origin.interfaces.some(each => each.name === name)) {
    const temporary = settings.tunnels.find(each => each.name === name)?.isActive === false;
    const fix = temporary
      ? `  it is deleted until the next restart only: dladm delete-iptun ${name}, then create it again`
      : `  fix: another name, or first dladm delete-iptun ${name}`;
    return ['dladm: could not create tunnel: link already exists', fix];
  }
  if (/^[A-Za-z][\w.]*\d$/.test(name) && name.length <= NAME_MAX) return null;
  const fix = /^[A-Za-z][\w.]*$/.test(name) && name.length < NAME_MAX ? `: ${name}0` : '';
  return [
    `dladm: invalid link name '${name}'`,
    `  fix: letters, digits and _, ${NAME_MAX} at most, a letter first and a digit last${fix}`,
  ];
}

/** As the node will say it again; null: no such address. */
function endOf(text: string | undefined, type: Family): string | null {
  const address = text === undefined ? null : parseAddress(text);
  if (address === null || address.length !== (type === 'ipv4' ? 4 : 16)) return null;
  return isMulticast(address) || isUnspecified(address) ? null : formatAddress(address);
}

function isOwnAddress({ settings }: System, address: string): boolean {
  return settings.addresses.some(each => each.kind === 'static' && each.local.split('/')[0] === address);
}
