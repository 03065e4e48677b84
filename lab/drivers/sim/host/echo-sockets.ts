import type { Address } from '../../../../engine/wire/address.ts';
import { encodeIcmpv4 } from '../../../../engine/wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../../../engine/wire/icmpv6.ts';
import type { Instant } from '../../../../engine/wire/instant.ts';
import { IpProtocol } from '../../../../engine/wire/ip-protocol.ts';
import { u16At } from '../../../../engine/wire/octets.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { IcmpError } from './icmp-error.ts';
import { Inbox } from './inbox.ts';
import type { IpOutput } from './ip-output.ts';

export interface EchoReply {
  readonly from: Address;
  readonly sequence: number;
  readonly hopLimit: number;
  /** Of ICMP payload. */
  readonly data: Uint8Array;
  readonly at: Instant;
}

export interface EchoRequest {
  readonly source: Address;
  readonly destination: Address;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly hopLimit?: number;
  readonly fragment: 'allowed' | 'never';
}

/** One program's ICMP echo identifier, and what has come back for it. */
export interface EchoSocket {
  readonly replies: Inbox<EchoReply>;
  readonly errors: Inbox<{ readonly error: IcmpError; readonly sequence: number; readonly at: Instant }>;
  send(request: EchoRequest): void;
  close(): void;
}

const SOCKETS_MAX = 256;
const INBOX_MAX = 256;

/** Who on this host waits for echo replies. */
export class EchoSockets {
  readonly #output: IpOutput;
  readonly #random: SeededRandom;
  readonly #sockets = new Map<number, EchoSocket>();

  constructor(output: IpOutput, random: SeededRandom) {
    this.#output = output;
    this.#random = random;
  }

  /** null: too many are open. */
  open(changed: () => void): EchoSocket | null {
    if (this.#sockets.size >= SOCKETS_MAX) return null;
    let identifier = this.#random.u32() & 0xffff;
    while (this.#sockets.has(identifier)) identifier = (identifier + 1) & 0xffff;
    const socket: EchoSocket = {
      replies: new Inbox(INBOX_MAX, changed),
      errors: new Inbox(INBOX_MAX, changed),
      send: request => this.#send(identifier, request),
      close: () => void this.#sockets.delete(identifier),
    };
    this.#sockets.set(identifier, socket);
    return socket;
  }

  deliverReply(identifier: number, reply: EchoReply): void {
    this.#sockets.get(identifier)?.replies.put({ ...reply, data: reply.data.slice() });
  }

  /** An error about an echo request. */
  deliverError(error: IcmpError, at: Instant): void {
    const identifier = u16At(error.quoted.upper, 4);
    this.#sockets.get(identifier)?.errors.put({ error, sequence: u16At(error.quoted.upper, 6), at });
  }

  #send(identifier: number, request: EchoRequest): void {
    const { source, destination, sequence, data, ...rest } = request;
    const message = { type: 'echoRequest', identifier, sequence: sequence & 0xffff, data } as const;
    const isV4 = source.length === 4;
    const protocol = isV4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
    const payload = isV4 ? encodeIcmpv4(message) : encodeIcmpv6(message, source, destination);
    this.#output.send({ source, destination, protocol, payload, ...rest });
  }
}
