import type { SaInput } from '../ipsec/sa-input.ts';
import type { SelectorInput, Transform } from '../ipsec/spd.ts';
import type { PolicyConfig, SaConfig } from '../node/config.ts';
import type { Diagnostic, Place } from './diagnostic.ts';

/**
 * What a file of policy says in any dialect, before it is tied to a node: whether a tunnel exists, and which addresses are the
 * node's own, is not known here. Places are in that file.
 */
export interface StatedPolicies {
  /** In the order in which they are tried: that of the SPD, which a dialect may define differently from that of its file. */
  readonly policies: readonly StatedPolicy[];
  readonly sas: readonly StatedSa[];
}

export interface PolicyReading {
  /** null when there is any diagnostic. */
  readonly stated: StatedPolicies | null;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface StatedPolicy extends SelectorInput {
  /** Unique in the file, after its place in it: `ipsecinit.conf:3`. */
  readonly name: string;
  /** Where the entry begins; of one that no entry asks for (`isImplied`) the beginning of the file. */
  readonly place: Place;
  /** The tunnel or interface in whose own SPD it stands; null: the node's SPD. */
  readonly tunnel: StatedTunnel | null;
  readonly direction: 'inbound' | 'outbound' | 'both';
  readonly action: StatedAction;
  /** As setkey gave it; the list is in that order already. Absent: 0. */
  readonly priority?: number;
  /** It is not in the file: the system that the dialect comes from has it by itself, such as `bypass` at the end of the list. */
  readonly isImplied: boolean;
}

export interface StatedTunnel {
  readonly name: string;
  readonly place: Place;
  /**
   * What a key daemon is to negotiate. ESP in transport mode over IP in IP and ESP in tunnel mode are the same octets (and so is
   * AH), so the transforms of either say `tunnel`.
   */
  readonly negotiate: 'tunnel' | 'transport';
}

export type StatedAction =
  | { readonly kind: 'bypass' }
  | { readonly kind: 'discard' }
  | {
      readonly kind: 'protect';
      /** Innermost first; never empty. */
      readonly transforms: readonly StatedTransform[];
      readonly sharing: 'shared' | 'unique';
    };

export interface StatedTransform extends Transform {
  /**
   * What SAs may use, the preferred one first: suites of ESP, or integrity algorithms of AH, by our names. null: the dialect
   * leaves it to the SAs (setkey).
   */
  readonly suites: readonly string[] | null;
}

/** A manual SA. Which end of it the node is, its addresses say: `sa.source` is one of them, or `sa.destination`. */
export interface StatedSa {
  readonly place: Place;
  /** Without `encapsulation`, whose ports are local and remote ones. */
  readonly sa: SaInput;
  /** ESP in UDP; null: IP protocol 50 or 51. */
  readonly udp: { readonly sourcePort: number; readonly destinationPort: number } | null;
}

/** The policy as a node takes it. */
export function policyConfigOf(stated: StatedPolicy): PolicyConfig {
  const { name, direction, tunnel, action, priority, ...selector } = stated;
  return {
    name,
    tunnel: tunnel?.name ?? null,
    direction,
    ...selectorOf(selector),
    ...(priority === undefined ? {} : { priority }),
    action: action.kind === 'protect' ? { ...action, transforms: action.transforms.map(transformOf) } : action,
  };
}

function selectorOf({ local, remote, protocol, localPort, remotePort, icmp }: SelectorInput): SelectorInput {
  return { local, remote, protocol, localPort, remotePort, ...(icmp === undefined ? {} : { icmp }) };
}

/** The SA as the node at one of its ends takes it. */
export function saConfigOf({ sa, udp }: StatedSa, direction: SaConfig['direction']): SaConfig {
  if (udp === null) return { ...sa, direction };
  const { sourcePort, destinationPort } = udp;
  const [localPort, remotePort] =
    direction === 'outbound' ? [sourcePort, destinationPort] : [destinationPort, sourcePort];
  return { ...sa, direction, encapsulation: { localPort, remotePort, followsPeer: false } };
}

function transformOf({ protocol, mode, level, requestId, ends }: StatedTransform): Transform {
  return { protocol, mode, level, requestId, ends };
}
