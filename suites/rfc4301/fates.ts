import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { ArrangedPolicy } from '../../lab/subjects/arrangement.ts';
import { type Bench, type BenchPlan, FAR, HOST, type SaPlan } from '../tester/bench.ts';
import { filler, holds, type PacketOrder, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, policy, protect, saPair, tunnel } from '../tester/plans.ts';

/** What became of a packet from inside. */
export type Fate = 'protected' | 'bypassed' | 'discarded';

/** Sends it, and looks at the wire. `text` must be in it and in no other packet. */
export async function fateOf(bench: Bench, text: string, ip: Uint8Array): Promise<Fate> {
  const sealedBefore = sealedCount(bench);
  await bench.fromInside([ip]);
  const clear = bench.outside().filter(seen => holds(seen.ip, text));
  for (const seen of clear) bench.cite(seen, `${text}in the clear`, 'Protocol', 'Next Header');
  if (clear.length > 0) return 'bypassed';
  return sealedCount(bench) > sealedBefore ? 'protected' : 'discarded';
}

export const sealedCount = (bench: Bench): number =>
  bench.outside().filter(({ header }) => header.protocol === IpProtocol.ESP).length;

/** What must become of a packet, the packet, and a text that is in it and in no other. */
export type Case = readonly [Fate, Uint8Array, string];

/** Sends each packet and fails at the first whose fate is another. */
export async function judgeFates(bench: Bench, cases: readonly Case[]): Promise<void> {
  for (const [due, ip, text] of cases) {
    const found = await fateOf(bench, text, ip);
    judge(found === due, `${text.trim()} was ${found}, not ${due}`);
  }
}

const SAS: readonly SaPlan[] = saPair();

/** SPD entries in their order, of which those named `site` are served by SAs; the rest of the world is discarded. */
export const spd = (...policies: readonly ArrangedPolicy[]): BenchPlan => ({
  policies,
  sas: policies.some(({ name }) => name === 'site') ? SAS : [],
});

/** An entry that protects between the nets, served by the SAs of `spd`. */
export const SITE = policy('site', protect(tunnel()), between(4));

/** From the host behind alice to the one behind the peer, unless told otherwise. */
export const datagram = (order: Partial<PacketOrder> & { from?: number; to?: number; text: string }): Uint8Array =>
  udp({ source: HOST[4], destination: FAR[4], ...order, payload: filler(order.text) });

/** A clear datagram from the host behind the peer. */
export const fromFar = (port: number, text: string): Uint8Array =>
  udp({ source: FAR[4], destination: HOST[4], from: port, payload: filler(text) });
