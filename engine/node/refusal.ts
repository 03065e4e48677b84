import type { Flow } from '../ipsec/selector.ts';
import { formatAddress } from '../wire/address.ts';
import type { IcmpCause } from './icmp-error.ts';
import type { DropReason, FlowQuery, WantedSa } from './node.ts';
import type { PolicyEntry } from './policy-set.ts';

/** Why a packet goes no further. */
export interface Refusal {
  readonly kind: 'drop';
  readonly reason: DropReason;
  readonly detail: string;
  /** The ICMP error that the sender is owed; null: silence. */
  readonly cause: IcmpCause | null;
  /** The entry that says so, if one does. */
  readonly policy: PolicyEntry | null;
  /** The SA that is missing, in words and for who negotiates; null: none is wanted. */
  readonly wanted: { readonly what: string; readonly sa: WantedSa } | null;
}

/** Takes down each step, for `explain`; nothing in the data path passes one. */
export type Trace = (step: string) => void;

export function refusal(
  reason: DropReason,
  detail: string,
  cause: IcmpCause | null = null,
  policy: PolicyEntry | null = null,
): Refusal {
  return { kind: 'drop', reason, detail, cause, policy, wanted: null };
}

/** A flow for those who are not of the node. OPAQUE protocols are told as 0: IKE has no other word for them. */
export function flowQuery(flow: Flow): FlowQuery {
  const { protocol, sourcePort, destinationPort, icmp } = flow;
  const [source, destination] = [formatAddress(flow.source), formatAddress(flow.destination)];
  const query = { source, destination, protocol: protocol ?? 0, sourcePort, destinationPort };
  return icmp === null ? query : { ...query, icmp: { type: icmp >> 8, code: icmp & 0xff } };
}

/** All that selectors look at, for the audit: RFC 4301 §5.2 wants what there is of it. */
export function describe(flow: Flow): string {
  const [from, to] = [formatAddress(flow.source), formatAddress(flow.destination)];
  const ports = flow.sourcePort === null ? '' : ` ports ${flow.sourcePort} > ${flow.destinationPort}`;
  const icmp = flow.icmp === null ? '' : ` type ${flow.icmp >> 8} code ${flow.icmp & 0xff}`;
  return `${from} > ${to} protocol ${flow.protocol ?? 'opaque'}${ports}${icmp}`;
}
