import type { Random } from '../crypto/random.ts';
import type { InboundName, NodeCommand, NodeEvent } from '../node/node.ts';
import type { Address } from '../wire/address.ts';
import type { Instant } from '../wire/instant.ts';
import type { IkeConfig } from './config.ts';
import type { IkeStatus } from './status.ts';

/**
 * The IKE daemon of one node, sans I/O: takes datagrams, the time and commands, and returns every effect. engine/ike/create.ts
 * makes them. Whoever runs it sends the datagrams among the effects and gives the commands to the node, in order and before anything
 * else is received.
 */
export interface IkeDaemon {
  /** In order of arrival. */
  receive(datagrams: readonly IkeDatagram[], now: Instant): IkeEffects;
  /** Runs what is due; the first call begins what is to start by itself. Calling early changes nothing. */
  wake(now: Instant): IkeEffects;
  /** When to call `wake`, or null. */
  wakeAt(): Instant | null;
  command(command: IkeCommand, now: Instant): IkeEffects;
  status(now: Instant): IkeStatus;
  /** Does ahead what the next peer would wait for: nothing comes of it, and it may be left out. For a moment when nobody waits. */
  prepare?(): void;
}

export interface IkeContext {
  readonly random: Random;
  /** Seconds since the Unix epoch at an instant, by the node's own clock: certificates are valid by it. */
  epochSeconds(now: Instant): number;
  /** The node's source address towards a destination, text both; null: no route. */
  sourceFor(destination: string): string | null;
  /**
   * When the node last took an authentic packet by any of these SAs, by the clock of `now`; null: never, or they are not there.
   * It is a sign of life, RFC 7296 §2.4, and asked for only where IKE has been silent for long enough to ask the peer.
   */
  lastHeard(inbound: readonly InboundName[], now: Instant): Instant | null;
}

/** One UDP datagram on port 500 or 4500, without the non-ESP marker of RFC 3948 §2.2. */
export interface IkeDatagram {
  readonly local: Address;
  readonly localPort: number;
  readonly remote: Address;
  readonly remotePort: number;
  /** Belongs to the receiver of the value. */
  readonly octets: Uint8Array;
}

export interface IkeEffects {
  /** To the node. */
  readonly commands: readonly NodeCommand[];
  readonly datagrams: readonly IkeDatagram[];
  readonly events: readonly IkeEvent[];
  /** Only with `IkeConfig.revealsSecrets`. */
  readonly secrets: readonly IkeSecrets[];
  /** To be answered by a command `fetched`. */
  readonly fetches: readonly IkeFetch[];
}

export type IkeCommand =
  /** A child by its name. */
  | { readonly kind: 'initiate'; readonly child: string }
  /** An IKE SA and all its children, or one child; by the number in `IkeStatus`, or all of that name. */
  | { readonly kind: 'terminate'; readonly ike?: string | number; readonly child?: string | number }
  | { readonly kind: 'rekey'; readonly ike?: string | number; readonly child?: string | number }
  | { readonly kind: 'reauthenticate'; readonly ike: string | number }
  /** RFC 5685 §5: sends the peer elsewhere. */
  | { readonly kind: 'redirect'; readonly ike: string | number; readonly to: string }
  /** What the node has noticed: `saWanted`, `saDeleted`, `saSoftExpired`, `saHardExpired`, `peerMoved`, `unknownSpi`, interfaces and addresses. */
  | { readonly kind: 'noted'; readonly event: NodeEvent }
  /** The node's own addresses, text: at the beginning, and whenever they change (RFC 4555). */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** null: it could not be fetched. */
  | { readonly kind: 'fetched'; readonly id: number; readonly content: Uint8Array | null }
  /** Another configuration; what is not in it any more is closed. */
  | { readonly kind: 'configure'; readonly config: IkeConfig };

/** `kind` is the counter's name as well. `detail` never has a key, nor a secret. */
export interface IkeEvent {
  readonly kind:
    | 'ikeEstablished'
    | 'ikeRekeyed'
    | 'ikeReauthenticated'
    | 'ikeDeleted'
    | 'childEstablished'
    | 'childRekeyed'
    | 'childDeleted'
    | 'peerFailed'
    | 'authenticationFailed'
    | 'negotiationFailed'
    /** It works, and nobody should do it any more: IKEv1 itself, its Aggressive Mode, weak algorithms. */
    | 'deprecated'
    | 'messageRefused'
    | 'peerMoved'
    /** The peer sends by an SA that is not here any more. */
    | 'staleSa'
    | 'redirected'
    | 'resumed'
    | 'cookiesOn'
    | 'cookiesOff'
    | 'limitReached'
    /** The node would not do what the daemon wanted. */
    | 'commandRefused'
    | 'addressAssigned'
    | 'addressReleased';
  readonly connection: string | null;
  readonly detail: string;
  /** Of `deprecated`: each thing that nobody should do any more. */
  readonly remarks?: readonly string[];
}

/**
 * What Wireshark needs to read an IKE SA; hexadecimal. Of IKEv1 `encryption` is a cipher and `integrity` the hash (`aes128`, `sha1`),
 * `skEi` and `skEr` are both the cipher's key (RFC 2409 Appendix B), `skAi` and `skAr` both SKEYID_a, and the SPIs CKY-I and CKY-R.
 */
export interface IkeSecrets {
  readonly version: 1 | 2;
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  /** Tokens of engine/crypto; no integrity with an AEAD. */
  readonly encryption: string;
  readonly integrity: string | null;
  readonly skEi: string;
  readonly skEr: string;
  readonly skAi: string;
  readonly skAr: string;
}

/** HTTP, and nothing but http: URLs: what is fetched is signed. */
export interface IkeFetch {
  readonly id: number;
  readonly url: string;
  /** POST with this, or GET. */
  readonly body: Uint8Array | null;
  readonly contentType: string | null;
  readonly octetsMax: number;
  readonly timeoutMs: number;
}
