import { didYouMean } from '../../engine/config/suggest.ts';
import { formatSad } from '../../engine/config/setkey-dump.ts';
import type { IkeSaStatus } from '../../engine/ike/status.ts';
import { formatAddress, parseAddress } from '../../engine/wire/address.ts';
import { act, complain, nodeAction, say, stepPlan, wrong } from './effect.ts';
import { reloaded } from './init-script.ts';
import { optionValues, readOptions } from './options.ts';
import { connectionsTo, hostOf, isakmpTable } from './racoonctl-text.ts';
import type { System, SystemAction, SystemEffect, SystemPlan, SystemStep, SystemView } from './system.ts';

const USAGE = [
  'Usage:',
  '  racoonctl [opts] reload-config',
  '  racoonctl [opts] show-sa [protocol]',
  '  racoonctl [opts] flush-sa [protocol]',
  '  racoonctl [opts] delete-sa <saopts>',
  '  racoonctl [opts] establish-sa [-w] <saopts>',
  '  racoonctl [opts] vpn-connect vpn_gateway',
  '  racoonctl [opts] vpn-disconnect vpn_gateway',
  '  racoonctl [opts] logout-user login',
  '',
  '  -l            more of it, mainly of show-sa; -l -l: all of it',
  '  <protocol>:   isakmp, esp or ah; of show-sa and flush-sa also ipsec',
  '  <saopts>:     isakmp <family> <src> <dst>, or',
  '                esp|ah <family> <src/prefixlen/port> <dst/prefixlen/port> <ul_proto>',
  '  <family>:     inet or inet6',
];
/** Each with the short name that it has as well. */
const SHORT: Readonly<Record<string, string>> = {
  rc: 'reload-config',
  sc: 'show-schedule',
  ss: 'show-sa',
  fs: 'flush-sa',
  ds: 'delete-sa',
  es: 'establish-sa',
  vc: 'vpn-connect',
  vd: 'vpn-disconnect',
  se: 'show-event',
  lu: 'logout-user',
};
/** What there is another way to see. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'show-schedule': 'lab ike shows when each SA is rekeyed',
  'show-event': 'lab ike shows what happens as it does, lab status what went wrong',
  'get-sa-cert': 'lab ike shows who the peer has proven to be; certificates are in /etc/racoon/certs',
};

interface Asked {
  /** How often `-l` stands there. */
  readonly verbosity: number;
  readonly rest: readonly string[];
}

const COMMANDS: Readonly<Record<string, (asked: Asked) => SystemStep | string>> = {
  'reload-config': () => reloaded,
  'show-sa': showSa,
  'flush-sa': flushSa,
  'delete-sa': ({ rest }) => forEnds(rest, deleteBetween),
  'establish-sa': ({ rest }) => forEnds(withoutOptions(rest), establishBetween),
  'vpn-connect': ({ rest }) => forGateway(rest, connect),
  'vpn-disconnect': ({ rest }) => forGateway(rest, disconnect),
  'logout-user': ({ rest: [login, ...more] }) =>
    login === undefined || more.length > 0
      ? 'insufficient arguments'
      : (system, view) =>
          closing(
            system,
            view,
            ({ extensions }) => extensions.includes(`user ${login}`),
            `nobody is logged in as ${login}`,
          ),
};

/** The long names, for completion. */
export const RACOONCTL_COMMANDS: readonly string[] = Object.keys(COMMANDS);

/** racoonctl(8): asks a racoon that runs. No key is shown. */
export function racoonctl(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'lds:');
  if (reading.kind === 'wrong') return wrong([`racoonctl: ${reading.why}`, ...USAGE]);
  const { options } = reading;
  const [given, ...words] = options.operands;
  if (given === undefined) return wrong(USAGE);
  const name = Object.hasOwn(SHORT, given) ? (SHORT[given] ?? given) : given;
  const elsewhere = ELSEWHERE[name];
  if (elsewhere !== undefined) return wrong([`racoonctl: ${name} is not here`, `  fix: ${elsewhere}`]);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    return wrong([
      `racoonctl: Invalid command [${given}]`,
      `  fix: ${didYouMean(given, Object.keys(COMMANDS), '')}`,
      ...USAGE,
    ]);
  }
  // `racoonctl show-sa -l isakmp` is what many write.
  const own = words.filter(word => /^-l+$/.test(word) && name === 'show-sa');
  const rest = words.filter(word => !own.includes(word));
  const verbosity = optionValues(options, 'l').length + own.join('').replaceAll('-', '').length;
  const step = command({ verbosity, rest });
  if (typeof step === 'string') return wrong([`racoonctl: ${step}`, ...USAGE]);
  return stepPlan((system, view) => {
    if (system.services.racoon.state === 'online') return step(system, view);
    return complain(system, [
      'racoonctl: send: No such file or directory: racoon does not run',
      '  fix: service racoon start; service racoon status says what is wrong',
    ]);
  });
}

function showSa({ verbosity, rest: [protocol = '', ...more] }: Asked): SystemStep | string {
  if (protocol === '') return 'insufficient arguments: show-sa isakmp, or show-sa ipsec';
  if (more.length > 0) return `what is ${more[0]}?`;
  if (protocol === 'isakmp') {
    return (system, { ike, unixSeconds }) => say(system, isakmpTable(ike?.sas ?? [], verbosity, unixSeconds));
  }
  const only = PROTOCOLS.get(protocol);
  if (only === undefined) return `unknown protocol ${protocol}`;
  return (system, { status, unixSeconds }) => say(system, formatSad(status, only, unixSeconds));
}

const PROTOCOLS: ReadonlyMap<string, 'esp' | 'ah' | null> = new Map([
  ['ipsec', null],
  ['esp', 'esp'],
  ['ah', 'ah'],
] as const);

function flushSa({ rest: [protocol = '', ...more] }: Asked): SystemStep | string {
  if (protocol === '') return 'insufficient arguments: flush-sa isakmp, or flush-sa ipsec';
  if (more.length > 0) return `what is ${more[0]}?`;
  if (protocol === 'isakmp')
    return (system, { ike }) => act(system, ...(ike?.sas ?? []).map(({ id }) => terminate(id)));
  const only = PROTOCOLS.get(protocol);
  if (only === undefined) return `unknown protocol ${protocol}`;
  return (system, { status }) => {
    if (only === null) return act(system, nodeAction({ kind: 'flushSas' }));
    return act(system, ...status.sas.filter(sa => sa.protocol === only).map(deletion));
  };
}

interface Ends {
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
}

type EndsCommand = (system: System, view: SystemView, ends: Ends) => SystemEffect;

/** `isakmp inet 10.0.0.1 10.0.0.2`, `esp inet 10.0.0.1/32/0 10.0.0.2/32/0 any`. */
function forEnds(words: readonly string[], command: EndsCommand): SystemStep | string {
  const [protocol = '', family = '', from = '', to = '', upper, ...more] = words;
  if (!['isakmp', 'esp', 'ah'].includes(protocol)) return `unknown protocol ${protocol}`;
  if (family !== 'inet' && family !== 'inet6') return `Invalid argument: ${family}: write inet or inet6`;
  if (to === '' || more.length > 0) return 'insufficient arguments: a source and a destination are needed';
  if (protocol !== 'isakmp' && upper === undefined)
    return 'insufficient arguments: at the end stands any, tcp, udp or icmp';
  const [source, destination] = [from, to].map(addressIn);
  for (const [text, address] of [[from, source] as const, [to, destination] as const])
    if (address === null || address === undefined || address.includes(':') !== (family === 'inet6'))
      return `${text} is no ${family} address`;
  return (system, view) => command(system, view, { protocol, source: source ?? '', destination: destination ?? '' });
}

/** Of `10.0.0.1/32/0` and `10.0.0.1[500]`. */
function addressIn(text: string): string | null {
  const address = parseAddress(text.replace(/\/.*$|\[.*$/, ''));
  return address === null ? null : formatAddress(address);
}

const withoutOptions = (words: readonly string[]): readonly string[] =>
  words.filter((word, i) => word !== '-w' && word !== '-n' && words[i - 1] !== '-n');

function forGateway(
  [gateway, ...more]: readonly string[],
  command: (system: System, view: SystemView, gateway: string) => SystemEffect,
): SystemStep | string {
  if (gateway === '-u') return '-u: who logs in is what xauth_login of racoon.conf says, its password in psk.txt';
  const address = gateway === undefined ? null : addressIn(gateway);
  if (address === null) return gateway === undefined ? 'VPN gateway required' : `${gateway} is no address`;
  if (more.length > 0) return `what is ${more[0]}?`;
  return (system, view) => command(system, view, address);
}

function deleteBetween(system: System, view: SystemView, { protocol, source, destination }: Ends): SystemEffect {
  if (protocol === 'isakmp') {
    const isMeant = (sa: IkeSaStatus) => hostOf(sa.local) === source && hostOf(sa.remote) === destination;
    return closing(system, view, isMeant, `no ISAKMP SA is between ${source} and ${destination}`);
  }
  const found = view.status.sas.filter(
    sa => sa.protocol === protocol && sa.source === source && sa.destination === destination,
  );
  if (found.length === 0)
    return complain(system, `racoonctl: no SA of ${protocol} goes from ${source} to ${destination}`);
  return act(system, ...found.map(deletion));
}

function establishBetween(system: System, view: SystemView, { source, destination }: Ends): SystemEffect {
  return begin(system, view, destination, `${source} and ${destination}`);
}

/** Of phase 1 alone nothing comes here: the first Child SA that a policy asks for brings it. */
function begin(system: System, view: SystemView, peer: string, ends: string): SystemEffect {
  const children = connectionsTo(system, view, peer).flatMap(each => each.children);
  const [first] = children;
  if (first === undefined) {
    return complain(system, [
      `racoonctl: no policy wants SAs with ${peer}, or racoon.conf has no remote for ${ends}`,
      '  fix: setkey -DP shows the policies, racoon -C what racoon makes of them',
    ]);
  }
  return act(
    system,
    ...children.map(({ name }): SystemAction => ({ kind: 'ikeCommand', command: { kind: 'initiate', child: name } })),
  );
}

const connect = (system: System, view: SystemView, gateway: string): SystemEffect =>
  begin(system, view, gateway, gateway);

const disconnect = (system: System, view: SystemView, gateway: string): SystemEffect =>
  closing(system, view, sa => hostOf(sa.remote) === gateway, `no ISAKMP SA is with ${gateway}`);

function closing(
  system: System,
  { ike }: SystemView,
  isMeant: (sa: IkeSaStatus) => boolean,
  otherwise: string,
): SystemEffect {
  const found = (ike?.sas ?? []).filter(isMeant);
  if (found.length === 0) return complain(system, `racoonctl: ${otherwise}`);
  return act(system, ...found.map(({ id }) => terminate(id)));
}

const terminate = (ike: number): SystemAction => ({ kind: 'ikeCommand', command: { kind: 'terminate', ike } });

const deletion = ({
  spi,
  direction,
  protocol,
  source,
  destination,
}: SystemView['status']['sas'][number]): SystemAction =>
  nodeAction({ kind: 'deleteSa', spi, direction, only: { protocol, source, destination } });
