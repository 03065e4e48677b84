import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { type Bench, FAR, type Family, HOST, type Seen } from './bench.ts';
import { type EspOpened, type EspOrder, openEsp, sealEsp } from './esp.ts';
import { filler, holds, packet, udp, type PacketOrder } from './ip.ts';
import { judge, require } from './judgement.ts';
import type { TesterSa } from './sa.ts';

/** An ESP packet of alice's under one of her SAs. */
export interface EspFromAlice extends Seen {
  /** From the SPI to the ICV. */
  readonly esp: Uint8Array;
  /** null: it does not verify under the keys of its SA. */
  readonly opened: EspOpened | null;
}

/** What alice sent to the outside under that SA, in order. ESP behind a UDP header is another matter (udp-on-bench.ts). */
export function espFrom(bench: Bench, label = 'out'): readonly EspFromAlice[] {
  const sa = bench.sa(label);
  const guesses = highGuesses();
  return bench.outside().flatMap((seen): EspFromAlice[] => {
    const esp = espIn(seen);
    if (esp === null || esp.length < 8 || Buffer.from(esp).readUInt32BE(0) !== sa.spi) return [];
    return [{ ...seen, esp, opened: guesses.open(sa, esp) }];
  });
}

function espIn({ header }: Seen): Uint8Array | null {
  return header.protocol === IpProtocol.ESP ? header.payload : null;
}

/** The half of an extended sequence number that is not sent: as it was last, one more, or as the clause knows it. */
function highGuesses() {
  let last = 0;
  return {
    open(sa: TesterSa, esp: Uint8Array): EspOpened | null {
      for (const high of sa.esn ? [last, last + 1, 0xffff_ffff] : [0]) {
        const opened = openEsp(sa, esp, high);
        if (opened === null) continue;
        last = high;
        return opened;
      }
      return null;
    },
  };
}

/** The first of them, for clauses that judge one packet. */
export function firstEsp(bench: Bench, label = 'out'): EspFromAlice & { readonly opened: EspOpened } {
  const seen = require(espFrom(bench, label)[0], 'alice sent nothing under her SA');
  const { opened } = seen;
  judge(opened !== null, 'what alice sent does not verify under the keys of its SA');
  return { ...seen, opened };
}

export type OutboundTraits = Partial<PacketOrder> & {
  readonly inner?: Family;
  /** Of the datagram’s payload. */
  readonly octets?: number;
  /** Ports. */
  readonly from?: number;
  readonly to?: number;
};

/** Datagrams from the host behind alice to the one behind the peer, each with its text. */
export async function outbound(bench: Bench, texts: readonly string[], traits: OutboundTraits = {}): Promise<void> {
  const { inner = 4, octets, ...rest } = traits;
  const ends = { source: HOST[inner], destination: FAR[inner] };
  await bench.fromInside(texts.map(text => udp({ ...ends, ...rest, payload: filler(text, octets ?? text.length) })));
}

export type InboundOrder = Partial<Omit<EspOrder, 'keys' | 'payload' | 'nextHeader'>> & {
  readonly sequence: number | bigint;
  /** What stands inside; a datagram with this text unless `payload` is given. */
  readonly text?: string;
  readonly inner?: Family;
  readonly payload?: Uint8Array;
  readonly nextHeader?: number;
  readonly label?: string;
  readonly outer?: Partial<PacketOrder>;
  /** Done to the ESP packet after it was sealed. */
  readonly spoil?: (esp: Uint8Array) => void;
};

/** A packet from the peer under one of alice's inbound SAs, as it crosses the wire. */
export function sealedFor(bench: Bench, order: InboundOrder): Uint8Array {
  const { label = 'in', inner = 4, text = '', outer = {}, spoil, ...rest } = order;
  const sa = bench.sa(label);
  const payload = order.payload ?? udp({ source: FAR[inner], destination: HOST[inner], payload: filler(text) });
  const nextHeader = order.nextHeader ?? (inner === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6);
  const esp = sealEsp({ ...rest, keys: sa, nextHeader, payload });
  spoil?.(esp);
  return packet({ source: sa.source, destination: sa.destination, protocol: IpProtocol.ESP, payload: esp, ...outer });
}

/** Sends such packets, all at once. */
export async function inbound(bench: Bench, ...orders: readonly InboundOrder[]): Promise<void> {
  await bench.fromOutside(orders.map(order => sealedFor(bench, order)));
}

/** Fails unless a packet that nothing is wrong with arrives: what was refused before proves nothing otherwise. */
export async function stillAccepts(bench: Bench, order: InboundOrder): Promise<void> {
  const text = `GENUINE-${order.sequence} `;
  await inbound(bench, { ...order, text });
  judge(bench.arrivals(text).length === 1, `nor is a genuine packet accepted (sequence ${order.sequence})`);
}

/** Fails when the text got through to the inside, be it in a fragment that never became whole, and cites it. */
export function refused(bench: Bench, text: string, why: string): void {
  const seen = [...bench.arrivals(text), ...bench.insidePieces().filter(({ ip }) => holds(ip, text))];
  for (const it of seen.slice(0, 3)) bench.cite(it, why);
  judge(seen.length === 0, why);
}

/** Fails unless each of the texts got through to the inside exactly once. */
export function accepted(bench: Bench, texts: readonly string[], why: string): void {
  const missing = texts.filter(text => bench.arrivals(text).length !== 1);
  judge(missing.length === 0, `${why}: ${missing.join(', ')}`);
}
