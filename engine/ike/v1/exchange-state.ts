import type { QuickState } from './quick-state.ts';
import type { TransactionState } from './transaction-state.ts';

/**
 * What an exchange of phase 2 remembers between its messages. `fresh`: its first message has just come, and nobody has said
 * what it is; one that still is when it was handled was over with that message.
 */
export type ExchangeState = { readonly kind: 'fresh' } | QuickState | TransactionState;
