import type { Flow } from '../ipsec/selector.ts';
import { formatAddress } from '../wire/address.ts';
import type { IcmpCause } from './icmp-error.ts';
import type { DropReason } from './node.ts';
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
  /** The SA that is missing, for who negotiates; null: none is wanted. */
  readonly wanted: string | null;
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

/** All that selectors look at, for the audit: RFC 4301 §5.2 wants what there is of it. */
export function describe(flow: Flow): string {
  const [from, to] = [formatAddress(flow.source), formatAddress(flow.destination)];
  const ports = flow.sourcePort === null ? '' : ` ports ${flow.sourcePort} > ${flow.destinationPort}`;
  const icmp = flow.icmp === null ? '' : ` type ${flow.icmp >> 8} code ${flow.icmp & 0xff}`;
  return `${from} > ${to} protocol ${flow.protocol ?? 'opaque'}${ports}${icmp}`;
}
