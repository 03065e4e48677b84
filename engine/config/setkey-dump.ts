import { nameIn } from '../crypto/dialects.ts';
import { findEspSuite } from '../crypto/esp-suite.ts';
import { integrityAlgorithm } from '../crypto/integrity.ts';
import type { NumberSet } from '../ipsec/selector.ts';
import type { PolicyAction, Transform } from '../ipsec/spd.ts';
import type { PolicyConfig } from '../node/config.ts';
import type { NodeStatus, PolicyStatus, SaStatus } from '../node/node.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { calendarText } from './calendar.ts';
import { isImpliedName } from './implied-policies.ts';
import { nameOfProtocol } from '../wire/protocol-names.ts';

/** A simulated node has no processes with numbers: its setkey is always this one. */
const PROCESS_ID = 1;

/**
 * What `setkey -DP` prints: every entry of the SPD once for each direction and pair of ranges, but not what is implied, which is
 * no entry there. `unixSeconds`: now.
 */
export function formatSpd(status: NodeStatus, unixSeconds: number): string {
  const stated = status.policies.filter(({ name }) => !isImpliedName(name, 'any'));
  const entries = stated.flatMap(policy =>
    directionsOf(policy.config).flatMap(direction =>
      rangesOf(policy.config).map(ranges => ({ policy, direction, ranges })),
    ),
  );
  if (entries.length === 0) return 'No SPD entries.\n';
  return entries
    .map(({ policy, direction, ranges }, order) => {
      const { config } = policy;
      const ends = direction === 'in' ? [ranges.remote, ranges.local] : [ranges.local, ranges.remote];
      const ports = [config.localPort, config.remotePort];
      if (direction === 'in') ports.reverse();
      const [source, destination] = ends.map(
        (range, i) => `${hostOrPrefix(range ?? '')}[${portText(ports[i] ?? 'any')}]`,
      );
      const scope = config.tunnel === null ? '' : ` scope=ifnet ifname=${config.tunnel}`;
      // Linux numbers policies so: the low bits say the direction.
      const id = (order + 1) * 8 + (direction === 'in' ? 0 : 1);
      const last = (order + 1) % entries.length;
      return `${source} ${destination} ${upperText(config)}
    ${direction} prio ${priorityText(config.priority ?? 0)} ${actionName(config.action)}
${transformLines(policy, direction, status)
  .map(line => `    ${line}\n`)
  .join('')}    ${timesText(policy, unixSeconds)}
    lifetime: 0(s) validtime: 0(s)
    spid=${id} seq=${last} pid=${PROCESS_ID}${scope}
    refcnt=1
`;
    })
    .join('');
}

type DumpDirection = 'in' | 'out';

function directionsOf({ direction = 'both' }: PolicyConfig): DumpDirection[] {
  if (direction === 'both') return ['in', 'out'];
  return [direction === 'inbound' ? 'in' : 'out'];
}

function rangesOf({ local, remote }: PolicyConfig): { local: string; remote: string }[] {
  const [locals, remotes] = [listOf(local), listOf(remote)];
  const families = new Set([...locals, ...remotes].filter(text => text !== 'any').map(familyOf));
  const wanted = families.size === 0 ? [4, 6] : [...families];
  const full = (list: readonly string[], family: number) =>
    list.flatMap(text =>
      text === 'any' ? [family === 4 ? '0.0.0.0/0' : '::/0'] : familyOf(text) === family ? [text] : [],
    );
  return wanted.flatMap(family =>
    full(locals, family).flatMap(from => full(remotes, family).map(to => ({ local: from, remote: to }))),
  );
}

const listOf = (texts: string | readonly string[]): readonly string[] => (typeof texts === 'string' ? [texts] : texts);
const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4);

/** Without a prefix length where it is one host's. */
function hostOrPrefix(text: string): string {
  const prefix = parsePrefix(text);
  return prefix !== null && prefix.length === prefix.address.length * 8 ? (text.split('/')[0] ?? text) : text;
}

function portText(ports: number | NumberSet): string {
  if (typeof ports === 'number' || typeof ports === 'string') return String(ports);
  return ports.map(([low, high]) => (low === high ? String(low) : `${low}-${high}`)).join(',');
}

/** Any protocol is 255, as the kernels that setkey comes from count. */
function upperText({ protocol, icmp = 'any' }: PolicyConfig): string {
  if (protocol === 'any') return '255';
  if (protocol === 'opaque') return 'opaque';
  const name = protocol === IpProtocol.ICMPV6 ? 'icmp6' : (nameOfProtocol(protocol) ?? String(protocol));
  const numbers = typeof icmp === 'number' ? [[icmp, icmp] as const] : icmp;
  if (typeof numbers === 'string') return name;
  return `${name} ${numbers.map(([low]) => `${low >> 8},${low & 0xff}`).join(' ')}`;
}

const PRIORITY_HIGH = 1_073_741_824;

/** By the nearest of the names that it has for some of them. */
function priorityText(priority: number): string {
  const base = priority >= PRIORITY_HIGH ? PRIORITY_HIGH : priority <= -PRIORITY_HIGH ? -PRIORITY_HIGH : 0;
  const name = base > 0 ? 'high' : base < 0 ? 'low' : 'def';
  const offset = priority - base;
  return offset === 0 ? name : `${name} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
}

const actionName = ({ kind }: PolicyAction): string =>
  kind === 'protect' ? 'ipsec' : kind === 'bypass' ? 'none' : 'discard';

function transformLines({ name, config }: PolicyStatus, direction: DumpDirection, { sas }: NodeStatus): string[] {
  if (config.action.kind !== 'protect') return [];
  const { action } = config;
  return action.transforms.map(({ protocol, mode, ends, level, requestId }) => {
    const sa = sas.find(
      one => one.policy === name && one.protocol === protocol && (one.direction === 'inbound') === (direction === 'in'),
    );
    const levelText = levelOf(level, requestId, action.sharing);
    return `${protocol}/${mode}/${mode === 'tunnel' ? endsText(ends, direction, sa) : ''}/${levelText}`;
  });
}

function levelOf(level: Transform['level'], requestId: number | null, sharing: 'shared' | 'unique'): string {
  if (level === 'use') return level;
  if (requestId !== null) return `unique:${requestId}`;
  return sharing === 'unique' ? 'unique' : 'require';
}

/** Of a tunnel interface's SPD the SA knows them, if there is one. */
function endsText(ends: Transform['ends'], direction: DumpDirection, sa: SaStatus | undefined): string {
  if (ends === null) return sa === undefined ? '' : `${sa.source}-${sa.destination}`;
  return direction === 'out' ? `${ends.local}-${ends.remote}` : `${ends.remote}-${ends.local}`;
}

function timesText({ ageSeconds, idleSeconds }: PolicyStatus, unixSeconds: number): string {
  const used = idleSeconds === null ? '' : ` ${calendarText(unixSeconds - idleSeconds)}`;
  return `created: ${calendarText(unixSeconds - ageSeconds)}  lastused:${used}`;
}

/** What `setkey -D` prints of the SAD, but for the keys, which a node tells nobody. `protocol` null: all SAs. */
export function formatSad(status: NodeStatus, protocol: 'esp' | 'ah' | null, unixSeconds: number): string {
  const sas = status.sas.filter(sa => protocol === null || sa.protocol === protocol);
  if (sas.length === 0) return 'No SAD entries.\n';
  return sas.map((sa, index) => formatSa(sa, sas.length - 1 - index, unixSeconds)).join('');
}

/** One SA, as `get` and `dump` print it. */
export function formatSa(sa: SaStatus, order: number, unixSeconds: number): string {
  const { spi, mode, source, destination, lifetime, ageSeconds, packets, octets } = sa;
  const requestId = sa.requestId ?? 0;
  const [from, to] = udpPorts(sa);
  const protocol = sa.encapsulation === null ? sa.protocol : 'esp-udp';
  const created = calendarText(unixSeconds - ageSeconds);
  const flags = sa.esn ? 'esn' : '0x00000000';
  const sequence = BigInt.asUintN(32, BigInt(sa.sequence));
  return `${source}${from} ${destination}${to}
	${protocol} mode=${mode} spi=${spi}(${hex32(spi)}) reqid=${requestId}(${hex32(requestId)})
${algorithmLines(sa)
  .map(line => `	${line}\n`)
  .join('')}	seq=${hex32(sequence)} replay=${sa.windowPackets / 8} flags=${flags} state=mature
	created: ${created}	current: ${calendarText(unixSeconds)}
	diff: ${Math.floor(ageSeconds)}(s)	hard: ${lifetime.hard.seconds ?? 0}(s)	soft: ${lifetime.soft.seconds ?? 0}(s)
	last:                     	hard: 0(s)	soft: 0(s)
	current: ${octets}(bytes)	hard: ${lifetime.hard.octets ?? 0}(bytes)	soft: ${lifetime.soft.octets ?? 0}(bytes)
	allocated: ${packets}	hard: ${lifetime.hard.packets ?? 0}	soft: ${lifetime.soft.packets ?? 0}
	sadb_seq=${order} pid=${PROCESS_ID} refcnt=0
`;
}

const hex32 = (value: number | bigint): string => `0x${value.toString(16).padStart(8, '0')}`;

/** `local > remote` of the status, as source and destination. */
function udpPorts({ encapsulation, direction }: SaStatus): [string, string] {
  const [local, remote] = encapsulation?.split(' > ') ?? [];
  if (local === undefined || remote === undefined) return ['', ''];
  return direction === 'outbound' ? [`[${local}]`, `[${remote}]`] : [`[${remote}]`, `[${local}]`];
}

function algorithmLines({ protocol, suite, legacy }: SaStatus): string[] {
  const note = legacy ? '  (key not shown; legacy)' : '  (key not shown)';
  if (protocol === 'ah') {
    const integrity = integrityAlgorithm(suite);
    return [`A: ${integrity === null ? suite : (nameIn('kame', integrity) ?? suite)}${note}`];
  }
  const found = findEspSuite(suite);
  if (found.kind !== 'suite' && found.kind !== 'unavailable') return [`E: ${suite}${note}`];
  const { encryption, integrity } = found.suite;
  const lines = [`E: ${nameIn('kame', encryption) ?? encryption.token}${note}`];
  if (integrity !== null) lines.push(`A: ${nameIn('kame', integrity) ?? integrity.token}${note}`);
  return lines;
}
