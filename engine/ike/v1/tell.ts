import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { Effect, World } from './step.ts';

/** Informational of this end, with a Message ID of its own. Nobody says whether it has arrived. */
export function tell(sa: EstablishedIsakmpSa, payloads: readonly IsakmpPayload[], world: World): Effect {
  return {
    kind: 'send',
    messageId: world.newMessageId(sa),
    exchangeType: IsakmpExchange.INFORMATIONAL,
    payloads,
    hash: { kind: 'first' },
    after: { kind: 'once' },
  };
}
