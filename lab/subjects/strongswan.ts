import type { Subject } from './subject.ts';

/** strongSwan as the device under test: what it negotiates is judged, and the ESP that it protects by that. */
export const STRONGSWAN: Subject = {
  name: 'strongswan',
  fault: '',
  implementation: 'strongswan',
  // Its libipsec reads no other.
  esp: 'in UDP',
  refuses: ({ connections, limits }) => {
    if (connections.some(({ children }) => children.some(({ sharing }) => sharing === 'unique')))
      return 'strongswan has no SA for each pair of addresses';
    if (connections.some(({ v1 }) => v1?.commitBit === true)) return 'strongswan has no Commit bit of its own';
    if (connections.some(({ v1 }) => v1?.lifetimeCheck === 'claim' || v1?.lifetimeCheck === 'exact'))
      return 'strongswan has no such check of lifetimes';
    // Its threshold of 0 means never, and 1 the second stranger.
    return limits.cookiesFrom === 0 ? 'strongswan cannot be told to ask everybody for a cookie' : null;
  },
  make: () => {
    throw new Error('strongSwan is no part of a simulated node');
  },
};
