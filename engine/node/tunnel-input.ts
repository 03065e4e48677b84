import type { Decapsulation } from '../ipsec/tunnel-mode.ts';
import { type Core, drop } from './core.ts';

/** What came out of a tunnel and goes no further; `via` names what brought it. */
export function dropInner(core: Core, inner: Exclude<Decapsulation, { kind: 'packet' }>, via: string): void {
  if (inner.kind === 'malformed') drop(core, 'malformed', () => `${via}: ${inner.why}`);
  else drop(core, 'congestionLost', () => `${via}: congestion was marked on a packet that is not ECN-capable`);
}
