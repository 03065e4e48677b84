import { type Address, addressKey, addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { formatPrefix, type Prefix } from '../../../engine/wire/prefix.ts';
import type { CheckText } from '../description.ts';
import type { Check, CheckSpec } from '../model.ts';
import type { ProtocolText } from '../scalars.ts';
import type { Located } from '../shape.ts';
import type { Owners } from './addresses.ts';
import { hasEngine } from './node-options.ts';
import { protocolNumber } from './selectors.ts';
import {
  addressesOf,
  asAddress,
  familyName,
  findNode,
  hasLink,
  isFullyRead,
  type NodeScope,
  type Scope,
} from './scope.ts';

/** The echo service, RFC 862. */
const ECHO_PORT = 7;
const DEFAULT_TRIES = 5;
const TIMEOUT_MS = 1000;

type Reach = NonNullable<CheckText['reach']>;
type FamilyText = Located<'v4' | 'v6'> | null;

export function resolveChecks(scope: Scope, owners: Owners): Check[] {
  const checks: Check[] = [];
  for (const text of scope.text.checks?.items ?? []) {
    if (text.timeout?.value === 0)
      scope.report.error(text.timeout.place, 'no answer comes in no time', 'use 1ms or more');
    const resolved = resolveCheck(scope, owners, text);
    if (resolved === null) continue;
    const isOnce = resolved.spec.kind === 'policy' || resolved.spec.kind === 'unreachable';
    checks.push({
      ...resolved,
      line: text.place.line,
      tries: text.tries?.value ?? (isOnce ? 1 : DEFAULT_TRIES),
      timeoutMs: text.timeout === null ? TIMEOUT_MS : Math.max(1, text.timeout.value / 1e6),
    });
  }
  return checks;
}

type Resolved = { readonly title: string; readonly spec: CheckSpec } | null;

function resolveCheck(scope: Scope, owners: Owners, text: CheckText): Resolved {
  if (text.reach !== null) return resolveReach(scope, owners, 'reach', text.reach);
  if (text.unreachable !== null) return resolveReach(scope, owners, 'unreachable', text.unreachable);
  if (text.encrypted !== null) return resolveSeen(scope, 'encrypted', text.encrypted);
  if (text.authenticated !== null) return resolveSeen(scope, 'authenticated', text.authenticated);
  if (text.policy !== null) return resolvePolicyCheck(scope, text.policy);
  if (text['path-mtu'] !== null) return resolvePathMtu(scope, owners, text['path-mtu']);
  return null;
}

function resolveReach(scope: Scope, owners: Owners, kind: 'reach' | 'unreachable', text: Reach): Resolved {
  const ends = resolveEnds(scope, owners, kind, text);
  const how = text.with.value;
  if (text.port !== null && how === 'icmp') {
    scope.report.error(text.port.place, 'icmp has no ports', 'remove port, or ask with udp or tcp');
  }
  if (ends === null) return null;
  const port = how === 'icmp' ? null : (text.port?.value ?? ECHO_PORT);
  const shownPort = text.port === null || how === 'icmp' ? '' : `/${text.port.value}`;
  const shownSize = text.size === null ? '' : ` ${text.size.value} octets`;
  return {
    title: `${kind} ${text.from.value} -> ${text.to.value} ${how}${shownPort}${ends.shownFamily}${shownSize}`,
    spec: {
      kind,
      from: text.from.value,
      to: formatAddress(ends.to),
      toNode: ends.toNode,
      with: how,
      port,
      sizeOctets: text.size?.value ?? null,
    },
  };
}

function resolvePathMtu(scope: Scope, owners: Owners, text: NonNullable<CheckText['path-mtu']>): Resolved {
  const ends = resolveEnds(scope, owners, 'path-mtu', text);
  if (ends === null) return null;
  return {
    title: `path-mtu ${text.from.value} -> ${text.to.value} ${text.mtu.value}${ends.shownFamily}`,
    spec: { kind: 'path-mtu', from: text.from.value, to: formatAddress(ends.to), mtu: text.mtu.value },
  };
}

function resolveSeen(
  scope: Scope,
  kind: 'encrypted' | 'authenticated',
  text: NonNullable<CheckText['encrypted']>,
): Resolved {
  const { a, b } = text.flow.value;
  if (!hasLink(scope, text.link, kind)) return null;
  const [from, to] = [formatPrefix(a), formatPrefix(b)];
  return {
    title: `${kind} ${text.link.value} ${shown(a)} <-> ${shown(b)}`,
    spec: { kind, link: text.link.value, a: from, b: to },
  };
}

function shown(prefix: Prefix): string {
  return prefix.length === prefix.address.length * 8 ? formatAddress(prefix.address) : formatPrefix(prefix);
}

function resolvePolicyCheck(scope: Scope, text: NonNullable<CheckText['policy']>): Resolved {
  const node = findNode(scope, text.node, 'policy');
  const kind = node?.text?.kind.value;
  if (node !== null && kind !== undefined && !hasEngine(node)) {
    const message = `${node.name} is a plain ${kind} and has no policy to ask`;
    scope.report.error(text.node.place, message, 'ask a gateway, or a host with a policy');
  }
  const both = resolvePairOfAddresses(scope, text.from, text.to, text.family);
  if (node === null || both === null) return null;
  const protocol = protocolNumber(text.proto?.value ?? 'icmp', both.from);
  const hasPorts = protocol === IpProtocol.TCP || protocol === IpProtocol.UDP;
  const port = text.port ?? text['source-port'];
  if (port !== null && !hasPorts)
    scope.report.error(port.place, 'ports belong to TCP and UDP', 'add proto: tcp or proto: udp');
  if (typeof protocol !== 'number') {
    if (text.proto !== null)
      scope.report.error(text.proto.place, 'a packet has one protocol', 'write icmp, tcp, udp or a number');
    return null;
  }
  const isIcmp = protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6;
  if (text.icmp !== null && !isIcmp)
    scope.report.error(text.icmp.place, 'types and codes belong to ICMP', 'write proto: icmp, or remove icmp');
  const icmp = text.icmp === null ? null : { type: text.icmp.type.value, code: text.icmp.code?.value ?? 0 };
  const shownPort = icmp !== null ? `/${icmp.type}.${icmp.code}` : text.port === null ? '' : `/${text.port.value}`;
  const shownProtocol = text.proto?.value === undefined ? 'icmp' : protocolName(text.proto.value);
  const shownFamily = text.family === null ? '' : ` ${text.family.value}`;
  return {
    title: `policy ${node.name} ${text.from.value} -> ${text.to.value} ${shownProtocol}${shownPort}${shownFamily}: ${text.expect.value}`,
    spec: {
      kind: 'policy',
      node: node.name,
      from: formatAddress(both.from),
      to: formatAddress(both.to),
      protocol,
      sourcePort: text['source-port']?.value ?? null,
      destinationPort: text.port?.value ?? null,
      icmp,
      expect: text.expect.value,
    },
  };
}

function protocolName(protocol: ProtocolText): string {
  if (protocol === IpProtocol.TCP) return 'tcp';
  return protocol === IpProtocol.UDP ? 'udp' : String(protocol);
}

interface Ends {
  readonly to: Address;
  readonly toNode: string | null;
  /** ` v6`, or nothing where there was no choice to make. */
  readonly shownFamily: string;
}

interface AskText {
  readonly from: Located<string>;
  readonly to: Located<string>;
  readonly family: FamilyText;
}

/** Who asks, and the address that is asked. */
function resolveEnds(scope: Scope, owners: Owners, asker: string, text: AskText): Ends | null {
  const from = findNode(scope, text.from, asker);
  if (text.from.value === text.to.value) {
    scope.report.error(text.to.place, `${asker} asks ${text.from.value} about itself`, 'name another node');
    return null;
  }
  const literal = asAddress(text.to);
  if (literal !== null) {
    if (!isOfFamily(scope, text.to, literal, text.family)) return null;
    if (from !== null && !hasFamily(scope, from, addressVersion(literal), text.from)) return null;
    return { to: literal, toNode: owners.get(addressKey(literal))?.node ?? null, shownFamily: '' };
  }
  const to = findNode(scope, text.to, asker);
  if (from === null || to === null) return null;
  const address = commonAddress(scope, from, to, text);
  if (address === null) return null;
  return { to: address, toNode: to.name, shownFamily: text.family === null ? '' : ` ${text.family.value}` };
}

/** The target's first address of the family that was asked for, or that both have. */
function commonAddress(scope: Scope, from: NodeScope, to: NodeScope, text: AskText): Address | null {
  const families: readonly (4 | 6)[] = text.family === null ? [4, 6] : [numberOf(text.family.value)];
  for (const family of families) {
    const [address] = addressesOf(to, family);
    if (address !== undefined && (addressesOf(from, family).length > 0 || autoconfigures(from, family))) return address;
  }
  const [family] = families;
  if (!isFullyRead(from) || !isFullyRead(to)) return null;
  if (families.length > 1 || family === undefined) {
    const message = `${from.name} and ${to.name} have no address family in common`;
    scope.report.error(text.to.place, message, 'give both an IPv4 or an IPv6 address');
    return null;
  }
  if (autoconfigures(to, family)) {
    const message = `${to.name} forms its ${familyName(family)} address only when the lab is up`;
    scope.report.error(text.to.place, message, 'name the address that it will have, or give it one');
    return null;
  }
  if (hasFamily(scope, to, family, text.to)) hasFamily(scope, from, family, text.from);
  return null;
}

const autoconfigures = (node: NodeScope, family: 4 | 6): boolean =>
  family === 6 && [...node.interfaces.values()].some(iface => iface.text?.autoconfigure?.value === true);

/** A node that learns its addresses from advertisements is given the benefit of the doubt. */
function hasFamily(scope: Scope, node: NodeScope, family: 4 | 6, reference: Located<string>): boolean {
  if (!isFullyRead(node) || addressesOf(node, family).length > 0) return true;
  if (autoconfigures(node, family)) return true;
  const other = family === 4 ? 6 : 4;
  const alternative = addressesOf(node, other).length > 0 ? `, or ask with family: v${other}` : '';
  scope.report.error(reference.place, `${node.name} has no ${familyName(family)} address`, `give it one${alternative}`);
  return false;
}

function isOfFamily(scope: Scope, reference: Located<string>, address: Address, family: FamilyText): boolean {
  if (family === null || numberOf(family.value) === addressVersion(address)) return true;
  const message = `${reference.value} is not an ${familyName(numberOf(family.value))} address`;
  scope.report.error(reference.place, message, 'remove family: the address says it');
  return false;
}

function numberOf(family: 'v4' | 'v6'): 4 | 6 {
  return family === 'v4' ? 4 : 6;
}

function resolvePairOfAddresses(
  scope: Scope,
  from: Located<string>,
  to: Located<string>,
  family: FamilyText,
): { from: Address; to: Address } | null {
  const known = asAddress(from) ?? asAddress(to);
  const wanted = family === null ? (known === null ? null : addressVersion(known)) : numberOf(family.value);
  const sources = candidates(scope, from, family);
  const destinations = candidates(scope, to, family);
  if (sources === null || destinations === null) return null;
  for (const version of wanted === null ? ([4, 6] as const) : [wanted]) {
    const source = sources.find(address => addressVersion(address) === version);
    const destination = destinations.find(address => addressVersion(address) === version);
    if (source !== undefined && destination !== undefined) return { from: source, to: destination };
  }
  const areWhole = [from, to].every(({ value }) => {
    const node = scope.nodes.get(value);
    return node === undefined || isFullyRead(node);
  });
  if (areWhole)
    scope.report.error(
      to.place,
      `${from.value} and ${to.value} have no address family in common`,
      'choose two addresses of one family',
    );
  return null;
}

function candidates(scope: Scope, reference: Located<string>, family: FamilyText): Address[] | null {
  const literal = asAddress(reference);
  if (literal !== null) return isOfFamily(scope, reference, literal, family) ? [literal] : null;
  const node = findNode(scope, reference, 'policy');
  return node === null ? null : [...addressesOf(node, 4), ...addressesOf(node, 6)];
}
