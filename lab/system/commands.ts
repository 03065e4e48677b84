import { toolNamed, toolNames } from '../../engine/config/tools/tools.ts';
import { dladm } from './dladm.ts';
import { FILE_COMMANDS, pathsOf } from './file-commands.ts';
import { wrong } from './effect.ts';
import { ifconfig } from './ifconfig.ts';
import { ikeadm } from './ikeadm.ts';
import { ikecert } from './ikecert.ts';
import { inIked } from './in-iked.ts';
import { initScript, service, systemctl } from './init-script.ts';
import { ipadm } from './ipadm.ts';
import { ipf } from './ipf.ts';
import { ipsecconf } from './ipsecconf.ts';
import { ipseckey } from './ipseckey.ts';
import { netstat } from './netstat.ts';
import { openssl } from './openssl.ts';
import { ping } from './ping.ts';
import { racoon } from './racoon-command.ts';
import { racoonctl } from './racoonctl.ts';
import { reboot } from './reboot.ts';
import { route } from './route.ts';
import { snoop } from './snoop.ts';
import { svcadm } from './svcadm.ts';
import { svcs } from './svcs.ts';
import type { System, SystemPlan } from './system.ts';
import { tcpdump } from './tcpdump.ts';
import { toolCommand } from './tool-command.ts';

/** What is left to the node's own host: any other program. */
export interface Elsewhere {
  /** Whether files outside of those of the system are there as well: then `cat /proc/cpuinfo` is not the system's. */
  readonly hasPrograms: boolean;
}

type Command = (argv: readonly string[]) => SystemPlan | null;

const COMMANDS: Readonly<Record<string, Command>> = {
  dladm,
  ifconfig,
  ikeadm,
  ikecert,
  'in.iked': inIked,
  ipadm,
  ipf,
  ipseckey,
  netstat,
  openssl,
  ping,
  racoon,
  racoonctl,
  reboot,
  route,
  service,
  snoop,
  svcadm,
  svcs,
  systemctl,
};

/** What people type instead, the guide's author among them. */
const SLIPS: Readonly<Record<string, string>> = {
  ipaddr: 'ipadm',
  ipadmin: 'ipadm',
  dlamd: 'dladm',
  dladmin: 'dladm',
  ikecerts: 'ikecert',
  svcadmin: 'svcadm',
  raccoon: 'racoon',
  raccoonctl: 'racoonctl',
};

/** The files of a system, also where it is beside those of a machine. */
const OWN_PATHS = /^\/(etc\/(inet|ipf|racoon)|usr\/local\/etc\/racoon)(\/|$)|^\/etc\/(ipsec|ipsec-tools|setkey)\.conf$/;
const STATUS_NOT_FOUND = 127;

/** What stands before a command and makes no difference: on a node everybody is its administrator. */
const PREFIXES = ['sudo', 'pfexec'];

function withoutPrefix(argv: readonly string[]): readonly string[] {
  const [name = '', next = ''] = argv;
  return PREFIXES.includes(name) && next !== '' && !next.startsWith('-') ? argv.slice(1) : argv;
}

/** What a command comes to on a node; null: it is none of the system's. `given` begins with the command's own name or path. */
export function planCommand(given: readonly string[], system: System, elsewhere: Elsewhere): SystemPlan | null {
  const argv = withoutPrefix(given);
  if (!mayBeSystemCommand(argv, elsewhere)) return null;
  const [name, rest] = [nameOf(argv), argv.slice(1)];
  const script = initScript(argv[0] ?? '', rest);
  if (script !== null) return script;
  const slip = Object.hasOwn(SLIPS, name) ? SLIPS[name] : undefined;
  if (slip !== undefined) {
    const meant = [slip, ...rest].join(' ');
    return wrong([`${name}: command not found`, `  did you mean: ${meant}`], STATUS_NOT_FOUND);
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : FILE_COMMANDS[name];
  if (command !== undefined) return command(rest);
  if (name === 'tcpdump') return tcpdump(rest, system, elsewhere);
  return name === 'ipsecconf' ? ipsecconf(rest, system) : toolCommand(argv, system);
}

/** Whether `planCommand` may take it: what it says of a node does not depend on which node that is. */
export function mayBeSystemCommand(given: readonly string[], { hasPrograms }: Elsewhere): boolean {
  const argv = withoutPrefix(given);
  const name = nameOf(argv);
  if (name === 'ping') return ping(argv.slice(1)) !== null;
  if (name === 'service') return service(argv.slice(1)) !== null;
  if (name === 'systemctl') return systemctl(argv.slice(1)) !== null;
  if (initScript(argv[0] ?? '', argv.slice(1)) !== null) return true;
  // Where there are programs, the one of that name knows more.
  if (name === 'openssl') return !hasPrograms;
  if (Object.hasOwn(COMMANDS, name) || Object.hasOwn(SLIPS, name) || toolNames().includes(name)) return true;
  if (name === 'tcpdump') return true;
  if (!Object.hasOwn(FILE_COMMANDS, name)) return false;
  return !hasPrograms || pathsOf(name, argv.slice(1)).some(path => OWN_PATHS.test(path));
}

/** Whether a command reads its standard input when nobody says what else; `unknown`: it is none of the system's. */
export function readsInput(given: readonly string[]): 'yes' | 'no' | 'unknown' {
  const argv = withoutPrefix(given);
  const name = nameOf(argv);
  const rest = argv.slice(1);
  if (!mayBeSystemCommand(argv, { hasPrograms: false })) return 'unknown';
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : FILE_COMMANDS[name];
  if (command !== undefined) return command(rest)?.kind === 'reads' ? 'yes' : 'no';
  const plan = toolNamed(name)?.plan(rest);
  return plan?.kind === 'reads' && plan.source.kind === 'stdin' ? 'yes' : 'no';
}

/** The commands of a system, in alphabetical order, for completion. */
export const commandNames = (): readonly string[] =>
  [...Object.keys(COMMANDS), ...Object.keys(FILE_COMMANDS), ...toolNames(), 'tcpdump'].sort();

const nameOf = ([word = '']: readonly string[]): string => word.slice(word.lastIndexOf('/') + 1);
