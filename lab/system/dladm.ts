import { didYouMean } from '../../engine/config/suggest.ts';
import { createIptun } from './dladm-create.ts';
import { deleteIptun, showIptun, showLink } from './dladm-show.ts';
import { wrong } from './effect.ts';
import type { SystemPlan } from './system.ts';

export const DLADM_SUBCOMMANDS: Readonly<Record<string, (argv: readonly string[]) => SystemPlan>> = {
  'create-iptun': createIptun,
  'delete-iptun': deleteIptun,
  'show-iptun': showIptun,
  'show-link': showLink,
};

const USAGE = [
  'usage: dladm create-iptun [-t] -T ipv4|ipv6 -a {local|remote}=<address>,... <iptun-link>',
  '       dladm delete-iptun [-t] <iptun-link>',
  '       dladm show-iptun [-P] [[-p] -o <field>,...] [<iptun-link>]',
  '       dladm show-link [-P] [[-p] -o <field>,...] [<link>]',
];

/** dladm(8) of illumos, as far as it is about IP tunnels. `argv` without its name. */
export function dladm(argv: readonly string[]): SystemPlan {
  const [name, ...rest] = argv;
  if (name === undefined) return wrong(USAGE);
  const subcommand = Object.hasOwn(DLADM_SUBCOMMANDS, name) ? DLADM_SUBCOMMANDS[name] : undefined;
  if (subcommand !== undefined) return subcommand(rest);
  const near = didYouMean(name, Object.keys(DLADM_SUBCOMMANDS), '');
  return wrong([`dladm: unrecognized subcommand: '${name}'`, `  fix: ${near}`]);
}
