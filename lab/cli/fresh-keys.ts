import { describeOpening } from '../capture/decode-line.ts';
import { describeIkeOpening } from '../capture/describe-ike.ts';
import { IkeOpener } from '../capture/ike-opener.ts';
import { PacketOpener } from '../capture/opener.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import type { LabClient } from './client.ts';

/** What is inside of ESP and of IKE, and whether AH is authentic, in words, by the lab's keys; in order of capture. */
export type Opener = (packet: CapturedPacket) => Promise<readonly string[]>;

/** The keys that the lab has now, and again whenever an SPI is met that is in none of them: SAs come and go. */
export async function freshKeys(client: Pick<LabClient, 'keys' | 'ikeKeys'>): Promise<Opener> {
  const [esp, ike] = [await espOpener(client), await ikeOpener(client)];
  return async packet => [...(await esp(packet)), ...(await ike(packet))];
}

/** Anybody may send packets of SAs that do not exist: the lab is not asked for ever. */
const MISSED_MAX = 10_000;

async function espOpener(client: Pick<LabClient, 'keys'>): Promise<Opener> {
  let keys = await client.keys();
  const opener = new PacketOpener(() => keys);
  const missed = new Set<number>();
  return async packet => {
    const openings = opener.open(packet);
    for (const opening of openings) {
      if (opening.kind !== 'unknownSa' || missed.size >= MISSED_MAX || missed.has(opening.spi)) continue;
      missed.add(opening.spi);
      keys = await client.keys();
    }
    return openings.map(describeOpening);
  };
}

/** What newer keys may open. */
const MISSES: ReadonlySet<string> = new Set(['ikeUnknownSa', 'ikeRejected', 'isakmpUnknownSa', 'isakmpRejected']);

async function ikeOpener(client: Pick<LabClient, 'ikeKeys'>): Promise<Opener> {
  let keys = await client.ikeKeys();
  const opener = new IkeOpener(() => keys);
  const missed = new Set<string>();
  return async packet => {
    let opening = opener.open(packet);
    if (opening === null) return [];
    // Keys change with each IKE_INTERMEDIATE that exchanges some, RFC 9370: the SPIs alone do not tell.
    const name = JSON.stringify([opening.kind, opening.header]);
    const isUnknown = MISSES.has(opening.kind);
    if (isUnknown && missed.size < MISSED_MAX && !missed.has(name)) {
      missed.add(name);
      keys = await client.ikeKeys();
      opening = opener.open(packet) ?? opening;
    }
    return [describeIkeOpening(opening)];
  };
}
