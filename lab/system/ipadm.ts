import { didYouMean } from '../../engine/config/suggest.ts';
import { wrong } from './effect.ts';
import { createAddr } from './ipadm-create-addr.ts';
import { deleteAddr, turnAddr } from './ipadm-addr.ts';
import { createIf, deleteIf, turnIf } from './ipadm-if.ts';
import { refreshAddr, setLinkProp, showAddrProp, showIfProp } from './ipadm-link-prop.ts';
import { resetProp, setProp, showProp } from './ipadm-prop.ts';
import { showAddr, showIf } from './ipadm-show.ts';
import type { SystemPlan } from './system.ts';

export const IPADM_SUBCOMMANDS: Readonly<Record<string, (argv: readonly string[]) => SystemPlan>> = {
  'create-addr': createAddr,
  'delete-addr': deleteAddr,
  'show-addr': showAddr,
  'up-addr': argv => turnAddr('up-addr', argv),
  'down-addr': argv => turnAddr('down-addr', argv),
  'enable-addr': argv => turnAddr('enable-addr', argv),
  'disable-addr': argv => turnAddr('disable-addr', argv),
  'create-if': createIf,
  'create-ip': createIf,
  'delete-if': deleteIf,
  'delete-ip': deleteIf,
  'show-if': showIf,
  'enable-if': argv => turnIf('enable-if', argv),
  'disable-if': argv => turnIf('disable-if', argv),
  'refresh-addr': refreshAddr,
  'show-ifprop': showIfProp,
  'set-ifprop': argv => setLinkProp('set-ifprop', argv),
  'reset-ifprop': argv => setLinkProp('reset-ifprop', argv),
  'show-addrprop': showAddrProp,
  'set-addrprop': argv => setLinkProp('set-addrprop', argv),
  'reset-addrprop': argv => setLinkProp('reset-addrprop', argv),
  'set-prop': setProp,
  'reset-prop': resetProp,
  'show-prop': showProp,
};

const USAGE = [
  'usage: ipadm create-if [-t] <interface>',
  '       ipadm delete-if <interface>',
  '       ipadm show-if [[-p] -o <field>,...] [<interface>]',
  '       ipadm create-addr [-t] -T static [-d] -a {local|remote}=<addr>[/<prefixlen>],... <addrobj>',
  '       ipadm create-addr [-t] -T addrconf <addrobj>',
  '       ipadm delete-addr <addrobj>',
  '       ipadm show-addr [[-p] -o <field>,...] [<addrobj>]',
  '       ipadm up-addr|down-addr [-t] <addrobj>',
  '       ipadm enable-addr|disable-addr -t <addrobj>',
  '       ipadm show-ifprop [-p <prop>,...] [<interface>]',
  '       ipadm show-addrprop [-p <prop>,...] [<addrobj>]',
  '       ipadm set-prop [-t] -p <prop>=<value> <protocol>',
  '       ipadm reset-prop [-t] -p <prop> <protocol>',
  '       ipadm show-prop [[-c] -o <field>,...] [-p <prop>,...] [<protocol>]',
];

/** ipadm(8) of illumos: interfaces of IP, their addresses, and properties of IP. `argv` without its name. */
export function ipadm(argv: readonly string[]): SystemPlan {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help') return wrong(USAGE);
  const subcommand = Object.hasOwn(IPADM_SUBCOMMANDS, name) ? IPADM_SUBCOMMANDS[name] : undefined;
  if (subcommand !== undefined) return subcommand(rest);
  return wrong([
    `ipadm: unrecognized subcommand: '${name}'`,
    `  fix: ${didYouMean(name, Object.keys(IPADM_SUBCOMMANDS), '')}`,
  ]);
}
