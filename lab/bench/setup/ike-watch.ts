import { dissect, findLayer } from '../../../engine/wire/dissect.ts';
import type { IkeSpi } from '../../../engine/wire/ike/message.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import type { CapturedPacket } from '../../capture/packet.ts';

/** What the wire tells of IKEv2: each IKE SA that is set up, from the first datagram of IKE_SA_INIT to the last of IKE_AUTH, and rekeys. */
export interface IkeWatch {
  see(packet: Pick<CapturedPacket, 'at' | 'octets'>): void;
  /** Nanoseconds that each took, in the order in which they began. */
  handshakesNs(): readonly number[];
  /** When the last one began; null: none has. */
  lastBeganAt(): bigint | null;
  /** Requests of CREATE_CHILD_SA, each as often as it was sent. */
  rekeyRequests(): number;
}

export function createIkeWatch(): IkeWatch {
  const began = new Map<IkeSpi, bigint>();
  const taken = new Map<IkeSpi, number>();
  let [lastBegan, rekeys]: [bigint | null, number] = [null, 0];
  return {
    see({ at, octets }) {
      const header = findLayer(dissect(octets), 'ike')?.header;
      if (header === undefined || header === null) return;
      const { exchangeType, initiatorSpi, isResponse } = header;
      if (exchangeType === ExchangeType.CREATE_CHILD_SA && !isResponse) rekeys++;
      if (exchangeType === ExchangeType.IKE_SA_INIT && !began.has(initiatorSpi)) {
        began.set(initiatorSpi, at);
        lastBegan = at;
      }
      const first = began.get(initiatorSpi);
      if (exchangeType === ExchangeType.IKE_AUTH && isResponse && first !== undefined)
        taken.set(initiatorSpi, Number(at - first));
    },
    handshakesNs: () => [...taken.values()],
    lastBeganAt: () => lastBegan,
    rekeyRequests: () => rekeys,
  };
}
