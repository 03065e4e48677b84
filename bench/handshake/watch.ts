import { dissect, findLayer } from '../../engine/wire/dissect.ts';
import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import type { IkeSpi } from '../../engine/wire/ike/message.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';

/** The time between the first datagram of IKE_SA_INIT and the last of IKE_AUTH on one link, of each IKE SA that was seen on it. */
export function createHandshakeWatch(link: string) {
  const begun = new Map<IkeSpi, bigint>();
  const taken = new Map<IkeSpi, number>();
  return {
    see({ link: seenOn, at, octets }: CapturedPacket): void {
      if (seenOn !== link) return;
      const header = findLayer(dissect(octets), 'ike')?.header;
      if (header === undefined || header === null) return;
      const { exchangeType, initiatorSpi, isResponse } = header;
      if (exchangeType === ExchangeType.IKE_SA_INIT && !begun.has(initiatorSpi)) begun.set(initiatorSpi, at);
      const first = begun.get(initiatorSpi);
      if (exchangeType === ExchangeType.IKE_AUTH && isResponse && first !== undefined)
        taken.set(initiatorSpi, Number(at - first) / 1e6);
    },
    /** Milliseconds, in the order in which they began. */
    milliseconds: (): number[] => [...taken.values()],
  };
}
