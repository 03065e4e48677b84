import { nameIn } from '../crypto/dialects.ts';
import { findEspSuite } from '../crypto/esp-suite.ts';
import { integrityAlgorithm } from '../crypto/integrity.ts';
import type { NumberSet } from '../ipsec/selector.ts';
import type { Transform } from '../ipsec/spd.ts';
import type { NodeStatus, PolicyStatus, SaStatus } from '../node/node.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { nameOfProtocol } from '../wire/protocol-names.ts';
import { nameOfService } from '../wire/service-names.ts';
import { isImpliedName } from './implied-policies.ts';

export interface ListOptions {
  /** The node's own SPD, that of one tunnel, or all of them. */
  readonly of: 'node' | 'all' | { readonly tunnel: string };
  /** Numbers instead of names. */
  readonly numeric: boolean;
}

/** What `ipsecconf -l` prints: the SPD in the order in which it is tried, each entry under its index; not what is implied. */
export function formatPolicies(status: NodeStatus, { of, numeric }: ListOptions): string {
  const stated = status.policies.filter(({ name }) => !isImpliedName(name, 'any'));
  const owners = new Set(stated.map(({ config }) => config.tunnel));
  const shown = [...owners].filter(owner => of === 'all' || owner === (of === 'node' ? null : of.tunnel));
  return shown
    .flatMap(owner =>
      stated
        .filter(({ config }) => config.tunnel === owner)
        .map((policy, index) => {
          const name = owner === null ? String(index + 1) : `${owner},${index + 1}`;
          return `#INDEX ${name} \n${entryText(policy, status.sas, numeric)}\n\n`;
        }),
    )
    .join('');
}

function entryText(policy: PolicyStatus, sas: readonly SaStatus[], numeric: boolean): string {
  const { action, sharing } = { sharing: 'shared', ...policy.config.action, action: policy.config.action };
  const pattern = patternText(policy, numeric);
  if (action.kind !== 'protect') return `{ ${pattern}} ${action.kind === 'bypass' ? 'pass' : 'drop'} { } `;
  const algorithms = action.transforms.map(transform => algorithmText(transform, policy.name, sas)).join('');
  const isWish = action.transforms.every(({ level }) => level === 'use');
  return `{ ${pattern}} ipsec { ${algorithms}sa ${sharing} } ${isWish ? 'or pass { } ' : ''}`;
}

function patternText({ config }: PolicyStatus, numeric: boolean): string {
  const { tunnel, action, protocol, local, remote, localPort, remotePort, icmp = 'any', direction = 'both' } = config;
  const parts: string[] = [];
  if (tunnel !== null) {
    const isTransport = action.kind === 'protect' && action.transforms[0]?.mode === 'transport';
    parts.push(`tunnel ${tunnel} negotiate ${isTransport ? 'transport' : 'tunnel'}`);
  }
  if (protocol !== 'any') parts.push(`ulp ${protocolText(protocol, numeric)}`);
  if (local !== 'any') parts.push(`laddr ${addressText(local)}`);
  if (localPort !== 'any') parts.push(`lport ${portText(localPort, numeric)}`);
  if (remote !== 'any') parts.push(`raddr ${addressText(remote)}`);
  if (remotePort !== 'any') parts.push(`rport ${portText(remotePort, numeric)}`);
  if (icmp !== 'any') parts.push(icmpText(icmp));
  parts.push(`dir ${direction === 'both' ? 'both' : direction === 'inbound' ? 'in' : 'out'}`);
  return parts.map(part => `${part} `).join('');
}

/** The list of ranges that a dialect cannot say is shown as the lab says it. */
const addressText = (texts: string | readonly string[]): string =>
  typeof texts === 'string' ? texts : texts.join(',');

function protocolText(protocol: number | 'opaque', numeric: boolean): string {
  if (protocol === 'opaque') return protocol;
  if (numeric) return String(protocol);
  return protocol === IpProtocol.ICMPV6 ? 'ipv6-icmp' : (nameOfProtocol(protocol) ?? String(protocol));
}

function portText(ports: number | NumberSet, numeric: boolean): string {
  if (typeof ports === 'number') return (numeric ? null : nameOfService(ports)) ?? String(ports);
  if (typeof ports === 'string') return ports;
  return ports.map(([low, high]) => (low === high ? portText(low, numeric) : `${low}-${high}`)).join(',');
}

function icmpText(icmp: number | NumberSet): string {
  if (icmp === 'any' || icmp === 'opaque') return '';
  const [first] = typeof icmp === 'number' ? [[icmp, icmp] as const] : icmp;
  const last = typeof icmp === 'number' ? first : icmp.at(-1);
  if (first === undefined || last === undefined) return '';
  const [lowCode, highCode] = [first[0] & 0xff, first[1] & 0xff];
  const code = lowCode === 0 && highCode === 0xff ? '' : ` code ${rangeText(lowCode, highCode)}`;
  return `type ${rangeText(first[0] >> 8, last[1] >> 8)}${code}`;
}

const rangeText = (low: number, high: number): string => (low === high ? String(low) : `${low}-${high}`);

/** The policy of a node does not say which algorithms; its SAs do, and without one any will do. */
function algorithmText({ protocol }: Transform, policy: string, sas: readonly SaStatus[]): string {
  const sa = sas.find(one => one.policy === policy && one.protocol === protocol);
  if (protocol === 'ah') {
    const integrity = sa === undefined ? null : integrityAlgorithm(sa.suite);
    return `auth_algs ${integrity === null ? 'any' : (nameIn('solaris', integrity) ?? integrity.token)} `;
  }
  const found = sa === undefined ? null : findEspSuite(sa.suite);
  if (found === null || found.kind !== 'suite') return 'encr_algs any ';
  const { encryption, integrity } = found.suite;
  const name = nameIn('solaris', encryption) ?? encryption.token;
  const length = encryption.keyOctets === 0 ? '' : `(${encryption.keyOctets * 8})`;
  const mac = integrity === null ? '' : `encr_auth_algs ${nameIn('solaris', integrity) ?? integrity.token} `;
  return `encr_algs ${name}${length} ${mac}`;
}
