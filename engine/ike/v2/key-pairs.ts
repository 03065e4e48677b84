import type { KeyExchangeMethod, KeyPair } from '../../crypto/key-exchange.ts';
import type { Core } from './core.ts';
import { ikeChoices, keyExchangesOf } from './proposals.ts';
import { agreedMethod } from './transforms.ts';

/** Of as many methods pairs are drawn ahead: what peers are answered with first. */
const METHODS_MAX = 4;

/** Draws what an initiator would wait for: a pair of the first method of each connection. Each answers one peer. */
export function drawKeyPairs(core: Core): void {
  for (const { version, proposals } of core.config.connections) {
    const [token] = keyExchangesOf(ikeChoices(proposals));
    if (version !== 2 || token === undefined || core.keyPairs.has(token)) continue;
    if (core.keyPairs.size >= METHODS_MAX) return;
    const drawn = agreedMethod(token).draw?.(core.context.random);
    if (drawn !== undefined) core.keyPairs.set(token, drawn);
  }
}

export function takeKeyPair({ keyPairs }: Core, { token }: KeyExchangeMethod): KeyPair | undefined {
  const drawn = keyPairs.get(token);
  keyPairs.delete(token);
  return drawn;
}
