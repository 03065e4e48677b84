import { didYouMean } from '../../engine/config/suggest.ts';
import type { IkeStatus } from '../../engine/ike/status.ts';
import { act, complain, done, joinedOutput, say, stepPlan } from './effect.ts';
import { formatPhase1, formatPreshared, formatRule, formatStats } from './ikeadm-text.ts';
import { certificatesOf } from './certificate-store.ts';
import { formatAlgorithms, formatCache, formatDefaults } from './ikeadm-lists.ts';
import { IKE_CONFIG, IKE_PRESHARED } from './service-files.ts';
import { ikeConfigOf } from './ike-config.ts';
import type { NodeIkeConfig } from './key-daemon.ts';
import { startIke } from './ike-service.ts';
import type { System, SystemAction, SystemEffect, SystemPlan, SystemStep, SystemView } from './system.ts';

const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  get: ['stats', 'defaults', 'p1', 'rule', 'preshared', 'debug', 'priv'],
  set: ['debug', 'priv'],
  dump: ['p1', 'rule', 'preshared', 'certcache', 'groups', 'encralgs', 'authalgs'],
  del: ['p1', 'rule', 'preshared'],
  add: ['rule', 'preshared'],
  flush: ['p1', 'certcache'],
  read: ['rule', 'preshared', 'certcache'],
  write: ['rule', 'preshared', 'certcache'],
  token: ['login', 'logout'],
};
const HELP = `Valid commands and objects:
	get   stats|debug|priv|defaults
	get   p1 <local addr> <remote addr> | 0x<cookie> 0x<cookie>
	get   rule <label>
	get   preshared <local addr> <remote addr>
	del   p1 <local addr> <remote addr> | 0x<cookie> 0x<cookie>
	set   priv base
	dump  p1|rule|preshared|certcache|groups|encralgs|authalgs
	flush p1|certcache
	read  rule|preshared|certcache
	help
	exit
`;
const NOT_THERE = [
  'ikeadm: Unable to communicate with in.iked',
  '  fix: svcadm enable ipsec/ike; svcs -x says why it does not run',
];

/** ikeadm(8): what in.iked has, and what it is to forget. No key is shown. Without words it reads commands from standard input. */
export function ikeadm(argv: readonly string[]): SystemPlan {
  const words = argv.filter(word => !/^-[np]+$/.test(word));
  if (words.length > 0) return words[0] === 'help' ? stepPlan(system => say(system, HELP)) : stepPlan(stepOf(words));
  return { kind: 'reads', stepFor: input => interactive(Buffer.from(input).toString('utf8')) };
}

/** A line after the other, until `exit`. */
function interactive(text: string): SystemStep {
  const lines = text.split('\n').map(line =>
    line
      .trim()
      .split(/\s+/)
      .filter(word => word !== ''),
  );
  const end = lines.findIndex(([word]) => word === 'exit' || word === 'quit');
  const asked = (end < 0 ? lines : lines.slice(0, end)).filter(words => words.length > 0);
  return (system, view) => {
    let sum = done(system);
    for (const words of asked) {
      const next = words[0] === 'help' ? say(sum.system, HELP) : stepOf(words)(sum.system, view);
      sum = { ...joinedOutput(sum, next), system: next.system, actions: [...sum.actions, ...next.actions] };
    }
    return sum;
  };
}

function stepOf([command = '', object = '', ...rest]: readonly string[]): SystemStep {
  const objects = Object.hasOwn(OBJECTS, command) ? OBJECTS[command] : undefined;
  if (objects === undefined) {
    const fix = didYouMean(command, Object.keys(OBJECTS), '');
    return system => complain(system, [`ikeadm: Unrecognized command '${command}'`, `  fix: ${fix}`]);
  }
  if (!objects.includes(object)) {
    const fix =
      object === 'p2' ? 'SAs of phase 2 are the kernel’s: ipseckey dump esp' : didYouMean(object, objects, '');
    return system => complain(system, [`ikeadm: Unrecognized object '${object}'`, `  fix: ${fix}`]);
  }
  const away = notHere(command, object, rest);
  if (away !== null) return system => complain(system, away);
  return (system, view) => {
    const { ike } = view;
    if (ike === null || system.services['ipsec/ike'].state === 'disabled') return complain(system, NOT_THERE);
    return carryOut(system, view, ike, { command, object, rest });
  };
}

/** What it would change of in.iked alone, until in.iked reads its files again; null: it is here. */
function notHere(command: string, object: string, [level]: readonly string[]): readonly string[] | null {
  const file = object === 'preshared' ? IKE_PRESHARED : IKE_CONFIG;
  if (command === 'add' || (command === 'del' && object !== 'p1'))
    return [
      `ikeadm: ${command} ${object}: in.iked goes by its files here`,
      `  fix: vi ${file}, then ikeadm read ${object}`,
    ];
  if (command === 'write')
    return [`ikeadm: write ${object}: what in.iked has is what it has read`, `  fix: cp ${file} FILE`];
  if (command === 'token')
    return ['ikeadm: no PKCS#11 token is here: keys are in files', '  fix: ikecert certlocal -l shows them'];
  if (command !== 'set') return null;
  if (object === 'debug') return ['ikeadm: in.iked writes no log here', '  fix: lab ike shows what happens as it does'];
  if (level === undefined || !PRIVILEGES.includes(level))
    return [
      `ikeadm: ${level === undefined ? 'a privilege level is needed' : `Unrecognized privilege level '${level}'`}`,
      '  fix: ikeadm set priv base',
    ];
  if (level === 'base' || level === '0') return null;
  return [
    'ikeadm: the privilege level may only be lowered: no key is shown here',
    '  fix: lab up --key-log FILE has the keys of a run',
  ];
}

const PRIVILEGES: readonly string[] = ['base', 'modkeys', 'keymat', '0', '1', '2'];

interface Asked {
  readonly command: string;
  readonly object: string;
  readonly rest: readonly string[];
}

function carryOut(system: System, view: SystemView, ike: IkeStatus, { command, object, rest }: Asked): SystemEffect {
  if (object === 'stats') return say(system, formatStats(ike));
  if (object === 'debug') return say(system, 'Current debug level is 0x0\nNo debug categories enabled.\n');
  if (command === 'set') return say(system, 'Successfully changed privilege level from 0x0 to 0x0\n');
  if (object === 'priv') return say(system, 'Current privilege level is 0x0, base privileges enabled\n');
  if (object === 'defaults') return say(system, formatDefaults());
  if (object === 'groups' || object === 'encralgs' || object === 'authalgs')
    return say(system, formatAlgorithms(object));
  if (object === 'certcache' && command === 'dump') return say(system, formatCache(certificatesOf(system.files)));
  if (object === 'certcache' || command === 'read') return readAgain(system);
  if (object === 'p1') return phase1(system, view, ike, { command, object, rest });
  const found = system.loaded.ike === null ? null : ikeConfigOf(system, system.loaded.ike);
  if (found === null)
    return complain(system, ['ikeadm: what in.iked runs by comes from the topology', '  lab ike NODE shows it']);
  return rulesOrKeys(system, found, { command, object, rest });
}

function phase1(system: System, { unixSeconds }: SystemView, ike: IkeStatus, { command, rest }: Asked): SystemEffect {
  const [local = '', remote = ''] = rest.map(word => word.replace(/^0x/i, '').toLowerCase());
  const isMeant = (sa: IkeStatus['sas'][number]) =>
    (sa.initiatorSpi === local && sa.responderSpi === remote) ||
    (hostOf(sa.local) === local && hostOf(sa.remote) === remote);
  if (command === 'dump') {
    return say(
      system,
      `${ike.sas.map(sa => formatPhase1(sa, unixSeconds)).join('')}\nCompleted dump of phase 1 SA info\n`,
    );
  }
  if (command === 'flush') return act(system, ...ike.sas.map(({ id }) => terminate(id)));
  if (rest.length !== 2) {
    return complain(system, [
      'ikeadm: not enough identification info',
      '  for instance: ikeadm get p1 1.2.3.4 5.6.7.8',
    ]);
  }
  const found = ike.sas.filter(isMeant);
  if (found.length === 0) return complain(system, 'ikeadm: Could not find requested phase 1 SA.');
  if (command === 'get') return say(system, found.map(sa => formatPhase1(sa, unixSeconds)).join(''));
  return {
    ...act(system, ...found.map(({ id }) => terminate(id))),
    stderr: 'ikeadm: Successfully deleted selected phase 1 SA.\n',
  };
}

const terminate = (ike: number): SystemAction => ({ kind: 'ikeCommand', command: { kind: 'terminate', ike } });

const hostOf = (place: string): string => place.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

function rulesOrKeys(system: System, { config }: NodeIkeConfig, { command, object, rest }: Asked): SystemEffect {
  const isDump = command === 'dump';
  if (object === 'rule') {
    const found = config.connections.filter(({ name }) => isDump || name === rest[0]);
    if (isDump) return say(system, `${found.map(formatRule).join('')}\nCompleted dump of policy rules\n`);
    if (found.length === 0) return complain(system, 'ikeadm: Could not find requested policy rule.');
    return say(system, found.map(formatRule).join(''));
  }
  const isMeant = (identities: readonly string[]) => rest.length === 2 && rest.every(word => identities.includes(word));
  const found = config.secrets.filter(({ identities }) => isDump || isMeant(identities));
  if (isDump) return say(system, `${found.map(formatPreshared).join('')}\nCompleted dump of preshared keys\n`);
  if (found.length === 0) return complain(system, 'ikeadm: Could not find requested preshared key.');
  return say(system, found.map(formatPreshared).join(''));
}

/** The files as they are now. */
function readAgain(system: System): SystemEffect {
  const outcome = startIke(system);
  if (outcome.kind === 'given') return done(system);
  if (outcome.kind === 'failed') return { ...complain(system, ''), stderr: outcome.trouble };
  return { ...done(outcome.system), actions: outcome.actions, stderr: outcome.notes };
}
