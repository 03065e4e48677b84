import { encryptionNamed, integrityNamed, namesIn, nameIn } from '../../engine/crypto/dialects.ts';
import { encryptionAlgorithms } from '../../engine/crypto/encryption.ts';
import { integrityAlgorithms } from '../../engine/crypto/integrity.ts';
import { didYouMean } from '../../engine/config/suggest.ts';
import { formatAddress, parseAddress } from '../../engine/wire/address.ts';

/** What ipseckey(8) is told to do with one SA, or with all of a kind. */
export type IpseckeyStatement =
  | { readonly kind: 'dump' | 'flush'; readonly protocol: 'esp' | 'ah' | null }
  | { readonly kind: 'get' | 'delete'; readonly protocol: 'esp' | 'ah'; readonly sa: SaWords }
  /** As setkey would be told the same: `setkey` is a statement of its language. */
  | { readonly kind: 'add'; readonly setkey: string };

/** null: any. */
export interface SaWords {
  readonly spi: number;
  readonly source: string | null;
  readonly destination: string | null;
}

export type IpseckeyReading =
  | { readonly kind: 'read'; readonly statement: IpseckeyStatement }
  | { readonly kind: 'wrong'; readonly lines: readonly string[] };

const COMMANDS = ['add', 'delete', 'delete-pair', 'dump', 'flush', 'get', 'update'] as const;
const EXTENSIONS = ['spi', 'src', 'dst', 'encr_alg', 'encrkey', 'auth_alg', 'authkey', 'replay', 'mode'] as const;
/** Synonyms of ipseckey(8), and what makes no difference to an SA here. */
const SYNONYMS: Readonly<Record<string, (typeof EXTENSIONS)[number]>> = {
  saddr: 'src',
  srcaddr: 'src',
  daddr: 'dst',
  dstaddr: 'dst',
  encalg: 'encr_alg',
  authalg: 'auth_alg',
  replay_len: 'replay',
};
const WITHOUT_EFFECT = ['proto', 'sport', 'dport', 'state', 'inbound', 'outbound', 'sec'];
const EXAMPLE =
  'ipseckey add esp spi 0x2112 src 1.2.3.4 dst 5.6.7.8 encr_alg aes encrkey <hex> auth_alg sha256 authkey <hex>';

/** One line of its language, in words. No message shows a key. */
export function readIpseckey(words: readonly string[]): IpseckeyReading {
  const [command = '', type = '', ...rest] = words;
  if (!COMMANDS.some(known => known === command))
    return wrong(`Unrecognized command '${command}'`, didYouMean(command, COMMANDS, ''));
  const isWhole = command === 'dump' || command === 'flush';
  if (!['esp', 'ah', 'all', ...(isWhole ? [''] : [])].includes(type))
    return wrong(`Unrecognized SA type '${type}'`, 'write esp, ah or all');
  const protocol = type === 'esp' || type === 'ah' ? type : null;
  if (isWhole) {
    if (rest.length > 0) return wrong(`what is ${rest[0]}?`, `ipseckey ${command} ${type}`);
    return { kind: 'read', statement: { kind: command, protocol } };
  }
  if (protocol === null) return wrong(`${command} is about one SA`, `write ${command} esp, or ${command} ah`);
  if (command === 'update') return wrong('an SA is not changed here', 'delete it, and add it anew');
  const found = extensionsOf(rest);
  if (typeof found !== 'object') return wrong(found, `for instance: ${EXAMPLE}`);
  const spi = numberOf(found.get('spi') ?? '');
  if (spi === null || spi < 1 || spi > 0xffff_ffff)
    return wrong(
      found.has('spi') ? 'an SPI is a number of 32 bits, not 0' : 'an SA is told by its SPI',
      'add spi 0x2112',
    );
  const ends = ['src', 'dst'].map(name => found.get(name));
  const [source = null, destination = null] = ends.map(text => addressOf(text));
  const bad = ends.find(text => text !== undefined && addressOf(text) === null);
  if (bad !== undefined) return wrong(`'${bad}' is no address`, 'nothing looks names up here: write 1.2.3.4');
  if (command !== 'add') {
    return {
      kind: 'read',
      statement: { kind: command === 'get' ? 'get' : 'delete', protocol, sa: { spi, source, destination } },
    };
  }
  return addition(protocol, found, { spi, source, destination });
}

const wrong = (message: string, fix: string): IpseckeyReading => ({
  kind: 'wrong',
  lines: [`ipseckey: ${message}`, `  fix: ${fix}`],
});

const addressOf = (text: string | undefined): string | null => {
  const address = text === undefined ? null : parseAddress(text);
  return address === null ? null : formatAddress(address);
};

const numberOf = (text: string): number | null => (/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : null);

/** By name; a text: what is wrong. */
function extensionsOf(words: readonly string[]): ReadonlyMap<string, string> | string {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const [given = '', value] = words.slice(at, at + 2);
    const name = SYNONYMS[given] ?? given;
    if (WITHOUT_EFFECT.includes(name) || /^(hard|soft|idle)_/.test(name)) {
      if (name === 'inbound' || name === 'outbound') at -= 1;
      continue;
    }
    if (!EXTENSIONS.some(known => known === name))
      return `Unrecognized extension '${given}': ${didYouMean(given, EXTENSIONS, `one of ${EXTENSIONS.join(', ')}`)}`;
    if (value === undefined) return `${name} without a value`;
    if (found.has(name)) return `${name} is there twice`;
    found.set(name, value);
  }
  return found;
}

function addition(
  protocol: 'esp' | 'ah',
  found: ReadonlyMap<string, string>,
  { spi, source, destination }: SaWords,
): IpseckeyReading {
  if (source === null || destination === null) return wrong('an SA has two ends', 'add src 1.2.3.4 dst 5.6.7.8');
  const encryption = keyed(found, 'encr_alg', 'encrkey', 'encryption');
  const integrity = keyed(found, 'auth_alg', 'authkey', 'authentication');
  for (const each of [encryption, integrity])
    if (typeof each === 'string') return wrong(each, `for instance: ${EXAMPLE}`);
  if (protocol === 'ah' && encryption !== null) return wrong('AH encrypts nothing', 'take encr_alg and encrkey away');
  const parts = [encryption, integrity].flatMap(part => (part === null || typeof part === 'string' ? [] : [part]));
  if (parts.length === 0) return wrong('an SA has an algorithm and a key', `for instance: ${EXAMPLE}`);
  const letters = parts.map(({ letter, algorithm, key }) => `-${letter} ${algorithm} 0x${key}`);
  const setkey = `add ${source} ${destination} ${protocol} ${spi} ${letters.join(' ')};`;
  return { kind: 'read', statement: { kind: 'add', setkey } };
}

interface Keyed {
  readonly letter: 'E' | 'A';
  /** By setkey's name. */
  readonly algorithm: string;
  /** Hexadecimal. */
  readonly key: string;
}

/** null: there is none; a text: what is wrong, without the key. */
function keyed(
  found: ReadonlyMap<string, string>,
  nameKey: 'encr_alg' | 'auth_alg',
  keyKey: 'encrkey' | 'authkey',
  what: 'encryption' | 'authentication',
): Keyed | string | null {
  const [name, key] = [found.get(nameKey), found.get(keyKey)?.replace(/\/\d+$/, '')];
  if (name === undefined && key === undefined) return null;
  if (name === undefined || key === undefined) return `${nameKey} and ${keyKey} belong together`;
  if (!/^(?:[0-9a-f]{2})+$/i.test(key)) return `${keyKey} is no whole octets in hexadecimal`;
  const isEncryption = what === 'encryption';
  const named = isEncryption ? encryptionNamed('solaris', name) : integrityNamed('solaris', name);
  if (named.length === 0) {
    const all = namesIn('solaris', isEncryption ? encryptionAlgorithms() : integrityAlgorithms());
    return `'${name}' is no ${what} algorithm: ${didYouMean(name, all, 'ipsecalgs lists them')}`;
  }
  const fitting = named.find(({ keyOctets }) => keyOctets * 2 === key.length);
  if (fitting === undefined) {
    return `${name} has keys of ${named.map(({ keyOctets }) => keyOctets * 8).join(', ')} bits, and ${keyKey} has ${key.length * 4}`;
  }
  const algorithm = nameIn('kame', fitting);
  if (algorithm === null) return `${name} is not for manual keys here`;
  return { letter: isEncryption ? 'E' : 'A', algorithm, key };
}
