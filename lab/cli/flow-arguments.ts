import type { FlowQuery } from '../../engine/node/node.ts';
import { parseAddress } from '../../engine/wire/address.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { PROTOCOL_NAMES, protocolNamed } from '../../engine/wire/protocol-names.ts';
import { badInput } from '../state/failure.ts';
import type { Topology } from '../topology/model.ts';
import { didYouMean } from '../../engine/config/suggest.ts';
import { printable } from './terminal.ts';

/**
 * The flow that `SRC[:PORT] DST[:PORT] [PROTO]` names. An end is an address (IPv6 with a port in brackets) or a node of the
 * topology. PROTO may be a message of ICMP: `icmp/8`, `icmp/3/4`. Without PROTO: tcp when there is a port, else icmp.
 */
export function flowQuery(
  source: string,
  destination: string,
  protocol: string | undefined,
  topology: Topology,
): FlowQuery {
  const [from, to] = [endpoint(source), endpoint(destination)];
  const version = versionOf(from.host) ?? versionOf(to.host) ?? 4;
  const hasPort = from.port !== null || to.port !== null;
  const [name = '', ...numbers] = (protocol ?? (hasPort ? 'tcp' : version === 4 ? 'icmp' : 'icmpv6')).split('/');
  const number = protocolNumber(name, version);
  return {
    source: addressOf(from.host, version, topology),
    destination: addressOf(to.host, version, topology),
    protocol: number,
    sourcePort: from.port,
    destinationPort: to.port,
    ...(numbers.length === 0 ? {} : { icmp: icmpOf(name, number, numbers) }),
  };
}

function icmpOf(name: string, protocol: number, numbers: readonly string[]): { type: number; code: number } {
  const [type = -1, code = 0, ...more] = numbers.map(text => (/^\d{1,3}$/.test(text) ? Number(text) : -1));
  const isIcmp = protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6;
  if (!isIcmp) throw badInput(`${printable(name)} has no types and codes`, 'they belong to icmp: icmp/8, icmp/3/4');
  if (more.length === 0 && isByte(type) && isByte(code)) return { type, code };
  throw badInput(
    `"${printable(numbers.join('/'))}" is no type and code`,
    'write icmp/8, or icmp/3/4: each of 0 to 255',
  );
}

const isByte = (value: number): boolean => value >= 0 && value <= 255;

interface Endpoint {
  readonly host: string;
  readonly port: number | null;
}

function endpoint(text: string): Endpoint {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: portOf(bracketed[2], text) };
  if (versionOf(text) !== null) return { host: text, port: null };
  const [, host = '', port] = /^([^:]*)(?::([^:]*))?$/.exec(text) ?? [];
  if (host === '') throw badInput(`"${printable(text)}" is not an address`, 'for IPv6 with a port: [2001:db8::1]:80');
  return { host, port: portOf(port, text) };
}

function portOf(port: string | undefined, text: string): number | null {
  if (port === undefined) return null;
  const value = /^\d{1,5}$/.test(port) ? Number(port) : -1;
  if (value < 0 || value > 65_535) throw badInput(`"${printable(text)}" has no valid port`, 'ports are 0 to 65535');
  return value;
}

const versionOf = (text: string): 4 | 6 | null => {
  const address = parseAddress(text);
  if (address === null) return null;
  return address.length === 4 ? 4 : 6;
};

function addressOf(host: string, version: 4 | 6, topology: Topology): string {
  const itself = versionOf(host);
  if (itself === version) return host;
  if (itself !== null) throw badInput('one address is IPv4 and the other IPv6', 'give two of one family');
  const node = topology.nodes.find(found => found.name === host);
  if (node === undefined) {
    const names = topology.nodes.map(found => found.name);
    throw badInput(`"${printable(host)}" is neither an address nor a node`, didYouMean(host, names, 'give an address'));
  }
  const addresses = node.interfaces.flatMap(port => port.addresses).map(address => address.replace(/\/.*$/, ''));
  const found = addresses.find(address => versionOf(address) === version);
  if (found === undefined) throw badInput(`node ${node.name} has no IPv${version} address`, 'give an address');
  return found;
}

function protocolNumber(text: string, version: 4 | 6): number {
  const name = text.toLowerCase();
  if (name === 'icmp' && version === 6) return IpProtocol.ICMPV6;
  const known = protocolNamed(name);
  if (known !== null) return known;
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 256;
  if (value <= 255) return value;
  throw badInput(
    `"${printable(text)}" is no protocol`,
    didYouMean(name, [...PROTOCOL_NAMES.keys()], 'give its number'),
  );
}
