import { type Opening, PacketOpener } from '../capture/opener.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import type { LabClient } from './client.ts';

/** Opens ESP and verifies AH with the lab's keys, in order of capture. */
export type Opener = (packet: CapturedPacket) => Promise<readonly Opening[]>;

/** The keys that the lab has now, and again whenever an SPI is met that is in none of them: a node that restarts has new SAs. */
export async function freshKeys(client: LabClient): Promise<Opener> {
  let keys = await client.keys();
  const opener = new PacketOpener(() => keys);
  const missed = new Set<number>();
  return async packet => {
    const openings = opener.open(packet);
    for (const opening of openings) {
      if (opening.kind !== 'unknownSa' || missed.has(opening.spi)) continue;
      missed.add(opening.spi);
      keys = await client.keys();
    }
    return openings;
  };
}
