import type { IkeHeader } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../../engine/wire/ike/registry.ts';

/** IKE messages for the readers of a trace. */

const EXCHANGES = nameOf(ExchangeType);
const NOTIFIES = nameOf(NotifyType);

/** `CREATE_CHILD_SA request 3 of 0a1b2c_i 3d4e5f_r`. */
export function describe({ exchangeType, messageId, isResponse, initiatorSpi, responderSpi }: IkeHeader): string {
  const kind = isResponse ? 'response' : 'request';
  const sa = `${initiatorSpi.slice(0, 6)}_i ${responderSpi.slice(0, 6)}_r`;
  return `${EXCHANGES.get(exchangeType) ?? exchangeType} ${kind} ${messageId} of ${sa}`;
}

/** `{N(REKEY_SA), SA, NONCE, TSi, TSr}`, with the SPIs that a Delete names. */
export function describePayloads(payloads: readonly Payload[]): string {
  const words = payloads.map(payload => {
    if (payload.type === 'N') return `N(${NOTIFIES.get(payload.notifyType) ?? payload.notifyType})`;
    if (payload.type === 'D') return `D(${payload.spis.map(spi => spi.toString(16)).join(' ') || 'IKE'})`;
    return payload.type;
  });
  return `{${words.join(', ')}}`;
}

function nameOf(registry: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(registry).map(([name, value]) => [value, name]));
}
