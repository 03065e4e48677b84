import type { ReceivedMessage } from './exchange.ts';
import { proceedAggressive } from './aggressive-initiator.ts';
import { concludeAggressive } from './aggressive-responder.ts';
import type { NegotiatingIsakmpSa } from './isakmp-sa.ts';
import { concludeMain, exchangeMain, proveMain } from './main-initiator.ts';
import { answerExchange, answerProof } from './main-responder.ts';
import type { PhaseOneResult } from './phase1-result.ts';
import type { World } from './step.ts';

/** The next message of phase 1 from the peer, deciphered where it was encrypted: `sa.iv` is past it. */
export function receivePhaseOne(sa: NegotiatingIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  switch (sa.kind) {
    case 'offered':
      return sa.mode === 'main' ? exchangeMain(sa, message, world) : proceedAggressive(sa, message, world);
    case 'exchanging':
      return proveMain(sa, message, world);
    case 'proving':
      return concludeMain(sa, message, world);
    case 'answered':
      return answerExchange(sa, message, world);
    case 'halfOpen':
      return sa.mode === 'main' ? answerProof(sa, message, world) : concludeAggressive(sa, message, world);
  }
}

/** Whether the next message of the peer has to be encrypted; null: it may be either. */
export function isNextEncrypted(sa: NegotiatingIsakmpSa): boolean | null {
  switch (sa.kind) {
    case 'offered':
    case 'exchanging':
    case 'answered':
      return false;
    case 'proving':
      return true;
    case 'halfOpen':
      return sa.mode === 'main' ? true : null;
  }
}
