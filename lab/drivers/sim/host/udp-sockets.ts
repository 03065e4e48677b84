import type { Address } from '../../../../engine/wire/address.ts';
import { IpProtocol } from '../../../../engine/wire/ip-protocol.ts';
import { u16At } from '../../../../engine/wire/octets.ts';
import { encodeUdp, type UdpDatagram } from '../../../../engine/wire/udp.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { IcmpError } from './icmp-error.ts';
import { Inbox } from './inbox.ts';
import type { IpOutput } from './ip-output.ts';
import type { Endpoint } from './network.ts';
import { freePort } from './ports.ts';

export interface ReceivedDatagram {
  readonly from: Endpoint;
  /** Which of our addresses it was sent to. */
  readonly to: Address;
  readonly payload: Uint8Array;
}

export interface SendOptions {
  readonly source: Address;
  readonly hopLimit?: number;
}

/** A bound UDP port. */
export interface UdpSocket {
  readonly port: number;
  readonly datagrams: Inbox<ReceivedDatagram>;
  readonly errors: Inbox<IcmpError>;
  /** RangeError for more than 65507 octets (65527 in IPv6): see `UDP_PAYLOAD_MAX`. */
  sendTo(to: Endpoint, payload: Uint8Array, options: SendOptions): void;
  close(): void;
}

/** What a datagram holds at most, in IPv4. */
export const UDP_PAYLOAD_MAX = 65_507;
const SOCKETS_MAX = 1024;
const INBOX_MAX = 256;

export class UdpSockets {
  readonly #output: IpOutput;
  readonly #random: SeededRandom;
  readonly #sockets = new Map<number, UdpSocket>();

  constructor(output: IpOutput, random: SeededRandom) {
    this.#output = output;
    this.#random = random;
  }

  /** `port` 0: any free one. null: it is taken, or too many are open. */
  bind(port: number, changed: () => void): UdpSocket | null {
    if (this.#sockets.size >= SOCKETS_MAX) return null;
    const chosen = port === 0 ? freePort(this.#random, taken => this.#sockets.has(taken)) : port;
    if (this.#sockets.has(chosen)) return null;
    const socket: UdpSocket = {
      port: chosen,
      datagrams: new Inbox(INBOX_MAX, changed),
      errors: new Inbox(INBOX_MAX, changed),
      sendTo: (to, payload, options) => this.#send(chosen, to, payload, options),
      close: () => void this.#sockets.delete(chosen),
    };
    this.#sockets.set(chosen, socket);
    return socket;
  }

  /** False: nobody listens there. */
  deliver(from: Address, to: Address, { sourcePort, destinationPort, payload }: UdpDatagram): boolean {
    const socket = this.#sockets.get(destinationPort);
    if (socket === undefined) return false;
    const source = { address: from.slice(), port: sourcePort };
    socket.datagrams.put({ from: source, to: to.slice(), payload: payload.slice() });
    return true;
  }

  deliverError(error: IcmpError): void {
    this.#sockets.get(u16At(error.quoted.upper, 0))?.errors.put(error);
  }

  #send(port: number, to: Endpoint, payload: Uint8Array, { source, hopLimit }: SendOptions): void {
    const datagram = { sourcePort: port, destinationPort: to.port, payload };
    this.#output.send({
      source,
      destination: to.address,
      protocol: IpProtocol.UDP,
      payload: encodeUdp(datagram, source, to.address),
      fragment: 'allowed',
      ...(hopLimit === undefined ? {} : { hopLimit }),
    });
  }
}
