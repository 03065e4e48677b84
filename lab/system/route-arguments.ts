import { formatAddress, parseAddress } from '../../engine/wire/address.ts';
import { formatPrefix, networkOf, parsePrefix } from '../../engine/wire/prefix.ts';

/** What `route` is asked for. */
export interface RouteArguments {
  readonly kind: 'read';
  /** null: there is none. */
  readonly command: string | null;
  readonly isPersistent: boolean;
  /** A prefix, the host bits of which are zero. */
  readonly target: string | null;
  /** The destination as it was written, where its host bits are not zero; null: they are. */
  readonly hostBits: string | null;
  readonly gateway: string | null;
  /** `-ifp`. */
  readonly interface: string | null;
}

export type RouteReading = RouteArguments | { readonly kind: 'wrong'; readonly lines: readonly string[] };

/** What stands alone, and makes no difference here. */
const FLAGS = ['-n', '-v', '-q', '-static', '-f', '-proto1', '-proto2', '-nostatic'];

export function readRouteArguments(argv: readonly string[]): RouteReading {
  const words: string[] = [];
  let [isPersistent, isHost, isInterface] = [false, false, false];
  let family: 4 | 6 | null = null;
  let netmask: string | null = null;
  let out: string | null = null;
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '-p') isPersistent = true;
    else if (word === '-host') isHost = true;
    else if (word === '-net') isHost = false;
    else if (word === '-interface' || word === '-iface') isInterface = true;
    else if (word === '-inet') family = 4;
    else if (word === '-inet6') family = 6;
    else if (word === '-netmask' || word === '-mask') netmask = rest.shift() ?? '';
    else if (word === '-ifp') out = rest.shift() ?? '';
    else if (word === '-gateway') continue;
    else if (word.startsWith('-') && word.length > 1) {
      if (!FLAGS.includes(word)) return wrongWord(word);
    } else words.push(word);
  }
  const [command = null, destination, gateway, mask, ...more] = words;
  if (more[0] !== undefined) return wrongWord(more[0]);
  const bare = { command, isPersistent, interface: out } as const;
  if (destination === undefined) return { kind: 'read', ...bare, target: null, hostBits: null, gateway: null };
  const found = destinationOf(destination, { family, isHost, mask: netmask ?? mask ?? null });
  if (found.kind === 'wrong') return found;
  if (gateway === undefined || isInterface) {
    return { kind: 'read', ...bare, ...found.place, gateway: null, interface: out ?? gateway ?? null };
  }
  const hop = parseAddress(gateway);
  if (hop === null) return wrong(`route: ${gateway}: unknown host`, '  fix: the address of the next hop, as text');
  const isV6 = found.place.target.includes(':');
  if ((hop.length === 16) !== isV6) {
    return wrong(
      `route: ${destination}: gateway ${gateway}: Address family not supported by protocol family`,
      `  fix: an ${isV6 ? 'IPv6' : 'IPv4'} address as the next hop`,
    );
  }
  return { kind: 'read', ...bare, ...found.place, gateway: formatAddress(hop) };
}

interface DestinationOptions {
  readonly family: 4 | 6 | null;
  readonly isHost: boolean;
  readonly mask: string | null;
}

type Destination =
  | { readonly kind: 'read'; readonly place: { readonly target: string; readonly hostBits: string | null } }
  | { readonly kind: 'wrong'; readonly lines: readonly string[] };

function destinationOf(text: string, { family, isHost, mask }: DestinationOptions): Destination {
  if (text === 'default') {
    return { kind: 'read', place: { target: family === 6 ? '::/0' : '0.0.0.0/0', hostBits: null } };
  }
  const address = parseAddress(text.split('/')[0] ?? '');
  if (address === null) return wrong(`route: ${text}: unknown host or network`);
  if (address.length === 16 && family !== 6) {
    return wrong(`route: ${text}: unknown host or network`, `  fix: say -inet6: route add -inet6 ${text} …`);
  }
  if (address.length === 4 && family === 6) {
    return wrong(`route: ${text}: unknown host or network`, '  fix: without -inet6');
  }
  const length = lengthOf(text, address.length * 8, mask);
  const prefix = length === null ? null : parsePrefix(`${text.split('/')[0]}/${length}`);
  if (prefix === null) return wrong(`route: ${text}: bad netmask`);
  const whole = isHost ? { ...prefix, length: address.length * 8 } : prefix;
  const target = formatPrefix(networkOf(whole));
  return { kind: 'read', place: { target, hostBits: formatPrefix(whole) === target ? null : formatPrefix(whole) } };
}

/** Of what is not said: a host. null: no mask at all. */
function lengthOf(text: string, full: number, mask: string | null): number | null {
  const given = /\/(\d+)$/.exec(text)?.[1];
  if (given !== undefined) return Number(given) <= full ? Number(given) : null;
  if (text.includes('/')) return null;
  if (mask === null) return full;
  const octets = parseAddress(mask);
  if (octets === null || octets.length * 8 !== full) return null;
  const bits = [...octets].map(octet => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : null;
}

const wrong = (...lines: readonly string[]) => ({ kind: 'wrong', lines }) as const;

const wrongWord = (word: string): RouteReading => wrong(`route: bad keyword: ${word.replace(/^-/, '')}`);
