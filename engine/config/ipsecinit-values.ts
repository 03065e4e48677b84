import { type Address, parseAddress } from '../wire/address.ts';
import type { NumberRange } from '../ipsec/selector.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { PROTOCOL_NAMES, protocolNamed } from '../wire/protocol-names.ts';
import { SERVICE_NAMES, serviceNamed } from '../wire/service-names.ts';
import { quoted, type Report } from './diagnostic.ts';
import { ICMP_CODES, ICMP_TYPES } from './icmp-names.ts';
import { didYouMean, nearest } from './suggest.ts';
import type { Word } from './words.ts';

/** Says what an address is not, for each way in which people get it wrong. */
export function reportAddress(word: Word, report: Report): void {
  const [addressText = '', lengthText] = word.text.split('/');
  const address: Address | null = parseAddress(addressText);
  if (address !== null && lengthText !== undefined) {
    const most = address.length * 8;
    report.error(word.place, `${quoted(lengthText)} is not a prefix length`, `use /0 to /${most}`);
  } else if (/^[a-z][a-z0-9.-]*$/i.test(addressText)) {
    const message = `${quoted(addressText)} is not an address, and names are not looked up`;
    report.error(word.place, message, 'write the address itself');
  } else {
    report.error(word.place, `${quoted(word.text)} is not an address`, 'write 10.0.0.1, 10.0.0.0/24 or 2001:db8::/64');
  }
}

/** Of `255.255.0.0` or `0xffff0000`; null: not a mask. */
export function maskLength(text: string): number | null {
  const hex = /^0x([0-9a-f]{1,8})$/i.exec(text)?.[1];
  const octets = hex === undefined ? parseAddress(text) : null;
  if (hex === undefined && (octets === null || octets.length !== 4)) return null;
  const bits =
    hex === undefined ? [...(octets ?? [])].reduce((sum, octet) => sum * 256 + octet, 0) : Number.parseInt(hex, 16);
  const text32 = bits.toString(2).padStart(32, '0');
  return /^1*0*$/.test(text32) ? text32.replaceAll('0', '').length : null;
}

/** A number or the name of a service; what is neither is reported, and taken for any. */
export function portOf(word: Word, report: Report): number | 'any' {
  if (/^[0-9]+$/.test(word.text)) {
    const port = Number(word.text);
    if (port >= 1 && port <= 65_535) return port;
    report.error(word.place, `${quoted(word.text)} is not a port`, 'use 1 to 65535, or leave the port away for any');
    return 'any';
  }
  const port = serviceNamed(word.text);
  if (port !== null) return port;
  const near = nearest(word.text, [...SERVICE_NAMES.keys()]);
  const fix = near === null ? 'write its number' : `did you mean ${quoted(near)}?`;
  report.error(word.place, `${quoted(word.text)} is not a service that is known here`, fix);
  return 'any';
}

/** A number or a name; what is neither is reported, and taken for any. `ip` is any: /etc/protocols has it for IP itself. */
export function protocolOf(word: Word, report: Report): number | 'any' {
  const isNumber = /^[0-9]+$/.test(word.text);
  const protocol = isNumber ? Number(word.text) : protocolNamed(word.text);
  if (protocol === null || protocol > 255) {
    const fix = isNumber ? 'use 1 to 255' : didYouMean(word.text, [...PROTOCOL_NAMES.keys()], '');
    report.error(word.place, `${quoted(word.text)} is not a protocol`, fix);
    return 'any';
  }
  return protocol === 0 ? 'any' : protocol;
}

/** `3`, `133-137`, or a name; null: reported. */
export function icmpNumbers(word: Word, kind: 'type' | 'code', protocol: number, report: Report): NumberRange | null {
  const [names, most] = kind === 'type' ? [ICMP_TYPES, 255] : [ICMP_CODES, 254];
  const what = `an ICMP ${kind}`;
  const [, lowText, highText = lowText] = /^([0-9]{1,3})(?:-([0-9]{1,3}))?$/.exec(word.text) ?? [];
  if (lowText !== undefined) {
    const [low, high] = [Number(lowText), Number(highText)];
    if (low <= high && high <= most) return [low, high];
    report.error(word.place, `${quoted(word.text)} is not ${what}`, `use 0 to ${most}, the smaller number first`);
    return null;
  }
  const name = word.text.toLowerCase();
  const value = names.get(name);
  const isOfV6 = protocol === IpProtocol.ICMPV6;
  const candidates = [...names.keys()].filter(candidate => candidate.endsWith('6') === isOfV6);
  if (value !== undefined && name.endsWith('6') === isOfV6) return [value, value];
  if (value === undefined) {
    report.error(word.place, `${quoted(word.text)} is not ${what}`, didYouMean(word.text, candidates, ''));
  } else {
    const owner = isOfV6 ? 'ICMP' : 'ICMPv6';
    report.error(word.place, `${quoted(word.text)} is of ${owner}`, didYouMean(word.text, candidates, ''));
  }
  return null;
}
