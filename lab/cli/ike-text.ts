import type { ChildSaStatus, IkeSaStatus } from '../../engine/ike/status.ts';
import { rangeOf } from '../../engine/ipsec/selector.ts';
import { addressesEqual, parseAddress } from '../../engine/wire/address.ts';
import { formatPrefix } from '../../engine/wire/prefix.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import type { LabNodeStatus } from '../supervisor/api.ts';
import { durationText } from './duration-text.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

type Columns = 'with counters' | 'without counters';

/** IKE SAs, each as its node has it. */
export function ikeTable(nodes: readonly LabNodeStatus[]): string[] {
  return table(
    ['IKE SA', 'NODE', 'STATE', 'REMOTE', 'SUITE'],
    rowsOfIke(nodes, sa => [stateText(sa), endText(sa.remoteIdentity, sa.remote), sa.suite ?? '-']),
  );
}

/** Who they are with, how old they are, and what they were used for: a line that holds it all would be too long to read. */
export function ikeUsageTable(nodes: readonly LabNodeStatus[]): string[] {
  const ofAll = nodes.flatMap(node => node.ike?.sas ?? []);
  const isReauthenticated = ofAll.some(({ reauthenticateSeconds }) => reauthenticateSeconds !== null);
  const headings = ['IKE SA', 'NODE', 'LOCAL', 'AUTHENTICATION', 'AGE', 'REKEY', 'SENT', 'RECEIVED', 'AGAIN'];
  return table(
    isReauthenticated ? headings.toSpliced(6, 0, 'REAUTHENTICATE') : headings,
    rowsOfIke(nodes, sa => [
      endText(sa.localIdentity, sa.local),
      authenticationText(sa),
      durationText(sa.ageSeconds),
      durationText(sa.rekeySeconds),
      ...(isReauthenticated ? [durationText(sa.reauthenticateSeconds)] : []),
      ...messageCells(sa),
    ]),
  );
}

/** Other implementations count no messages. */
function messageCells({ sent, received, retransmitted }: IkeSaStatus): string[] {
  if (sent + received === 0) return ['-', '-', '-'];
  return [String(sent), String(received), String(retransmitted)];
}

/** What an IKE SA has beyond RFC 7296, and the virtual addresses that came by it. */
export function extensionTable(nodes: readonly LabNodeStatus[]): string[] {
  return table(
    ['IKE SA', 'NODE', 'VIRTUAL ADDRESSES', 'EXTENSIONS'],
    rowsOfIke(nodes, ({ extensions, virtualAddresses }) => [
      virtualAddresses.join(' ') || '-',
      extensions.join(' ') || '-',
    ]),
  );
}

function rowsOfIke(nodes: readonly LabNodeStatus[], cells: (sa: IkeSaStatus) => readonly string[]): string[][] {
  return nodes.flatMap(node =>
    (node.ike?.sas ?? []).map(sa => [`${printable(sa.connection)} ${sa.id}`, node.name, ...cells(sa)]),
  );
}

/** Child SAs; a state only where one is not just installed. Packets are those of the two SAs of the node, out and in. */
export function childTable(nodes: readonly LabNodeStatus[], columns: Columns): string[] {
  const all = nodes.flatMap(node =>
    (node.ike?.sas ?? []).flatMap(ike => ike.children.map(child => ({ node, ike, child }))),
  );
  const isMoving = all.some(({ child }) => child.state !== 'installed');
  const headings = [
    'CHILD SA',
    'NODE',
    'IKE SA',
    ...(isMoving ? ['STATE'] : []),
    'SPIS OUT / IN',
    'SUITE',
    'TRAFFIC',
    ...(columns === 'with counters' ? ['REKEY', 'PACKETS'] : []),
  ];
  const rows = all.map(({ node, ike, child }) => [
    `${printable(child.name)} ${child.id}`,
    node.name,
    `${printable(ike.connection)} ${ike.id}`,
    ...(isMoving ? [child.state] : []),
    `${formatSpi(child.spiOut)} / ${formatSpi(child.spiIn)}`,
    suiteText(child),
    `${trafficText(child.local)} <-> ${trafficText(child.remote)}`,
    ...(columns === 'with counters' ? usageCells(node, child) : []),
  ]);
  return table(headings, rows);
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

/** How each end has proven who it is: said once where both did it alike. */
function authenticationText({ localAuthentication, remoteAuthentication }: IkeSaStatus): string {
  const [here, there] = [localAuthentication ?? '-', remoteAuthentication ?? '-'];
  return here === there ? here : `${here} / ${there}`;
}

function usageCells({ sas }: LabNodeStatus, { spiIn, spiOut, protocol, rekeySeconds }: ChildSaStatus) {
  const find = (direction: 'inbound' | 'outbound', spi: number) =>
    sas.find(sa => sa.direction === direction && sa.spi === spi && sa.protocol === protocol);
  const [out, into] = [find('outbound', spiOut), find('inbound', spiIn)];
  return [durationText(rekeySeconds), `${out?.packets ?? '-'} / ${into?.packets ?? '-'}`];
}

/** `esp aes256gcm16 esn udp`: tunnel mode, as most are, unless it says `transport`. */
function suiteText({ protocol, mode, suite, esn, encapsulated }: ChildSaStatus): string {
  const parts = [mode === 'transport' ? [mode] : [], esn ? ['esn'] : [], encapsulated ? ['udp'] : []];
  return [protocol, suite, ...parts.flat()].join(' ');
}

/** Traffic selectors in few words: prefixes where ranges are some, `any` for everything of both families. */
export function trafficText(selectors: readonly string[]): string {
  const texts = selectors.map(prefixText);
  const isEverything = texts.length === 2 && texts.includes('0.0.0.0/0') && texts.includes('::/0');
  return isEverything ? 'any' : texts.join(',');
}

/** The same in what an event tells: its ranges as prefixes, and everything as `any`. */
export const withPrefixes = (text: string): string =>
  text.replace(/[0-9a-f.:]*[.:][0-9a-f.:]*-[0-9a-f.:]+/gi, prefixText).replaceAll('0.0.0.0/0, ::/0', 'any');

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
