import type { ChildSaStatus, IkeSaStatus } from '../../engine/ike/status.ts';
import { rangeOf } from '../../engine/ipsec/selector.ts';
import { addressesEqual, parseAddress } from '../../engine/wire/address.ts';
import { formatPrefix } from '../../engine/wire/prefix.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import type { LabNodeStatus } from '../supervisor/api.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

type Columns = 'with counters' | 'without counters';

/** IKE SAs, each as its node has it. */
export function ikeTable(nodes: readonly LabNodeStatus[], columns: Columns): string[] {
  const headings = ['IKE SA', 'NODE', 'STATE', 'LOCAL', 'REMOTE', 'SUITE', 'AUTHENTICATION'];
  const counters = ['EXTENSIONS', 'AGE', 'REKEY', 'SENT', 'RECEIVED', 'AGAIN'];
  const rows = nodes.flatMap(node =>
    (node.ike?.sas ?? []).map(sa => [
      `${printable(sa.connection)} ${sa.id}`,
      node.name,
      stateText(sa),
      endText(sa.localIdentity, sa.local),
      endText(sa.remoteIdentity, sa.remote),
      sa.suite ?? '-',
      `${sa.localAuthentication ?? '-'} / ${sa.remoteAuthentication ?? '-'}`,
      ...(columns === 'without counters' ? [] : counterCells(sa)),
    ]),
  );
  return table(columns === 'with counters' ? [...headings, ...counters] : headings, rows);
}

/** Their Child SAs; packets and octets are those of the two SAs of the node, out and in. */
export function childTable(nodes: readonly LabNodeStatus[], columns: Columns): string[] {
  const headings = ['CHILD SA', 'NODE', 'IKE SA', 'STATE', 'SPIS OUT / IN', 'SUITE', 'TRAFFIC'];
  const counters = ['AGE', 'REKEY', 'PACKETS', 'OCTETS'];
  const rows = nodes.flatMap(node =>
    (node.ike?.sas ?? []).flatMap(ike =>
      ike.children.map(child => [
        `${printable(child.name)} ${child.id}`,
        node.name,
        `${printable(ike.connection)} ${ike.id}`,
        child.state,
        `${formatSpi(child.spiOut)} / ${formatSpi(child.spiIn)}`,
        suiteText(child),
        `${trafficText(child.local)} <-> ${trafficText(child.remote)}`,
        ...(columns === 'without counters' ? [] : usageCells(node, child)),
      ]),
    ),
  );
  return table(columns === 'with counters' ? [...headings, ...counters] : headings, rows);
}

/** Of daemons that are under siege, or have something to complain of. */
export function ikeLines(nodes: readonly LabNodeStatus[]): string[] {
  return nodes.flatMap(({ name, ike }) => {
    if (ike === null) return [];
    const { halfOpen, cookies } = ike;
    const parts = [
      ...(halfOpen === 0 ? [] : [`${halfOpen} half-open IKE SAs`]),
      ...(cookies ? ['asks for cookies'] : []),
    ];
    return parts.length === 0 ? [] : [`${name}: ${parts.join(', ')}`];
  });
}

/** `established, initiator, NAT local`. */
function stateText({ state, role, nat, version }: IkeSaStatus): string {
  const parts = [state, role, ...(version === 1 ? ['version 1'] : []), ...(nat === 'none' ? [] : [`NAT ${nat}`])];
  return parts.join(', ');
}

function endText(identity: string | null, place: string): string {
  return identity === null ? place : `${printable(identity)} (${place})`;
}

function counterCells(sa: IkeSaStatus): string[] {
  const { extensions, virtualAddresses, ageSeconds, rekeySeconds, sent, received, retransmitted } = sa;
  return [
    [...extensions, ...virtualAddresses].join(' ') || '-',
    secondsText(ageSeconds),
    secondsText(rekeySeconds),
    String(sent),
    String(received),
    String(retransmitted),
  ];
}

function usageCells({ sas }: LabNodeStatus, { spiIn, spiOut, protocol, ageSeconds, rekeySeconds }: ChildSaStatus) {
  const find = (direction: 'inbound' | 'outbound', spi: number) =>
    sas.find(sa => sa.direction === direction && sa.spi === spi && sa.protocol === protocol);
  const [out, into] = [find('outbound', spiOut), find('inbound', spiIn)];
  return [
    secondsText(ageSeconds),
    secondsText(rekeySeconds),
    `${out?.packets ?? '-'} / ${into?.packets ?? '-'}`,
    `${out?.octets ?? '-'} / ${into?.octets ?? '-'}`,
  ];
}

/** `esp tunnel aes256gcm16 esn udp`. */
function suiteText({ protocol, mode, suite, esn, encapsulated }: ChildSaStatus): string {
  return [protocol, mode, suite, ...(esn ? ['esn'] : []), ...(encapsulated ? ['udp'] : [])].join(' ');
}

/** Traffic selectors in few words: prefixes where ranges are some, `any` for everything of both families. */
export function trafficText(selectors: readonly string[]): string {
  const texts = selectors.map(prefixText);
  const isEverything = texts.length === 2 && texts.includes('0.0.0.0/0') && texts.includes('::/0');
  return isEverything ? 'any' : texts.join(',');
}

/** `10.0.0.0/24` for `10.0.0.0-10.0.0.255`; ports and protocols behind it stay, and so does what is no range. */
function prefixText(selector: string): string {
  const [, low = '', high = '', rest = ''] = /^([0-9a-f.:]+)-([0-9a-f.:]+)(.*)$/i.exec(selector) ?? [];
  const [first, last] = [parseAddress(low), parseAddress(high)];
  if (first === null || last === null) return selector;
  for (let length = 0; length <= first.length * 8; length++) {
    const range = rangeOf({ address: first, length });
    if (!addressesEqual(range.low, first) || !addressesEqual(range.high, last)) continue;
    return `${length === first.length * 8 ? low : formatPrefix({ address: first, length })}${rest}`;
  }
  return selector;
}

const secondsText = (seconds: number | null): string => (seconds === null ? '-' : `${Math.round(seconds)}s`);
