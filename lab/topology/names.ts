/** The names that a topology file gives, and those by which it refers to them. */
import { bad, good, notText, type Parsed } from './quantity.ts';
import { type Located, scalar, type Shape } from './shape.ts';

export interface EndText {
  readonly node: string;
  readonly interface: string;
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const INTERFACE_NAME = /^[a-z][a-z0-9_-]{0,14}$/;

/** Names of nodes, links, secrets and topologies: they appear in file names, host names and command lines. */
export const name: Shape<Located<string>> = scalar(
  'a name of lower-case letters, digits and hyphens',
  { type: 'string', pattern: NAME.source },
  ({ text, value }) => parseName(text, value, NAME, 32, '-', 'lower-case letters, digits and hyphens'),
);
/** Linux allows an interface name 15 octets. */
export const interfaceName: Shape<Located<string>> = scalar(
  'an interface name such as net0',
  { type: 'string', pattern: INTERFACE_NAME.source },
  ({ text, value }) => {
    const parsed = parseName(text, value, INTERFACE_NAME, 15, '_', 'lower-case letters, digits, _ and -');
    if (parsed.kind === 'bad' || !['lo', 'all', 'default'].includes(text)) return parsed;
    return bad('is a name that every Linux system has for itself', 'choose another, such as net0');
  },
);
/** The outer family, the node at the other end, and a number: `v4_bob0`. */
export const tunnelName: Shape<Located<string>> = scalar(
  'a tunnel name such as v4_bob0',
  { type: 'string', pattern: '^v[46]_[a-z][a-z0-9_-]*[0-9]$', maxLength: 15 },
  ({ text }) => {
    if (isTunnelName(text)) return good(text);
    if (text.length > 15) return bad('has more than the 15 characters of an interface name', 'shorten it');
    return bad('is not a tunnel name', 'name it after outer family, other end and a number: v4_bob0 or v6_bob0');
  },
);

export function isTunnelName(text: string): boolean {
  return /^v[46]_[a-z][a-z0-9_-]{0,10}[0-9]$/.test(text);
}

/** A reference to something that is named elsewhere in the file; whether it exists is judged later. */
export function reference(what: string): Shape<Located<string>> {
  return scalar(`the name of ${what}`, { type: 'string' }, ({ value }) =>
    typeof value === 'string' ? good(value) : notText(value),
  );
}

export const linkEnd: Shape<Located<EndText>> = scalar(
  'a link end such as alice:net0',
  { type: 'string', pattern: '^[^:]+:[^:]+$' },
  ({ text }) => {
    const [node = '', iface = '', ...more] = text.split(':');
    if (node === '' || iface === '' || more.length > 0)
      return bad('is not a link end', 'write node:interface, such as "alice:net0"');
    return good({ node, interface: iface });
  },
);

function parseName(
  text: string,
  value: unknown,
  pattern: RegExp,
  longest: number,
  joiner: string,
  rule: string,
): Parsed<string> {
  if (typeof value !== 'string') return notText(value);
  if (pattern.test(text)) return good(text);
  if (text.length > longest) return bad(`is longer than ${longest} characters`, 'shorten it');
  const near = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, joiner)
    .replace(/^[^a-z]+|[_-]+$/g, '');
  const example = pattern.test(near) ? `, such as ${near}` : '';
  return bad('is not a name', `use ${rule}, starting with a letter${example}`);
}
