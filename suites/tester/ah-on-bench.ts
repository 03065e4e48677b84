import { type AhOrder, type AhSeen, openAh, sealAh } from './ah.ts';
import { ALICE, type Bench, type Family, PEER, type Seen } from './bench.ts';
import { echoRequest, filler, holds, type PacketOrder } from './ip.ts';
import { judge } from './judgement.ts';

/** A packet of alice's with an AH of one of her SAs. */
export type AhFromAlice = Seen & { readonly ah: AhSeen };

/** What alice sent to the outside under that SA, in order. */
export function ahFrom(bench: Bench, label = 'out'): readonly AhFromAlice[] {
  const sa = bench.sa(label);
  let last = 0;
  return bench.outside().flatMap((seen): AhFromAlice[] => {
    const guesses = sa.esn ? [last, last + 1, 0xffff_ffff] : [0];
    const readings = guesses.map(high => ({ high, ah: openAh(sa, seen.ip, high) }));
    const best = readings.find(({ ah }) => ah?.icvOk === true) ?? readings[0];
    if (best?.ah === null || best?.ah === undefined || best.ah.spi !== sa.spi) return [];
    if (best.ah.icvOk) last = best.high;
    return [{ ...seen, ah: best.ah }];
  });
}

export type PingOrder = Partial<Omit<AhOrder, 'keys' | 'ip'>> & {
  readonly sequence: number | bigint;
  readonly text: string;
  readonly family?: Family;
  /** The header that the peer writes, as it will arrive. */
  readonly around?: Partial<PacketOrder>;
  /** What somebody does to the packet on its way; checksums are his business. */
  readonly onTheWay?: (ip: Uint8Array) => Uint8Array;
};

/** An echo request from the peer to alice under AH in transport mode. */
export function pingUnderAh(bench: Bench, order: PingOrder): Uint8Array {
  const { text, family = 4, around = {}, onTheWay = ip => ip, ...rest } = order;
  const ip = echoRequest({ source: PEER[family], destination: ALICE[family], data: filler(text), ...around });
  return onTheWay(sealAh({ ...rest, keys: bench.sa('in'), ip }));
}

/** Sends such pings, all at once. */
export async function ping(bench: Bench, ...orders: readonly PingOrder[]): Promise<void> {
  await bench.fromOutside(orders.map(order => pingUnderAh(bench, order)));
}

/** The replies that hold the text, under AH or not. */
export const replies = (bench: Bench, text: string): readonly Seen[] =>
  bench.outside().filter(({ ip }) => holds(ip, text));

/** Fails unless each text was answered, by an AH that verifies. */
export function answered(bench: Bench, texts: readonly string[], why: string): void {
  for (const text of texts) {
    judge(replies(bench, text).length === 1, `${why}: ${text}`);
    const reply = ahFrom(bench).find(({ ip }) => holds(ip, text));
    judge(reply !== undefined, `the reply to ${text}is not under alice’s SA`);
    if (!reply.ah.icvOk) bench.cite(reply, 'its ICV does not verify', 'ICV');
    judge(reply.ah.icvOk, `the ICV of the reply to ${text}does not verify`);
  }
}

/** Fails when one of them was answered, and cites the answer. */
export function unanswered(bench: Bench, text: string, why: string): void {
  for (const seen of replies(bench, text)) bench.cite(seen, why);
  judge(replies(bench, text).length === 0, why);
}
