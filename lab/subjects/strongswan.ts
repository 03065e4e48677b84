import type { Subject } from './subject.ts';

/** strongSwan as the device under test: what it negotiates is judged, and the ESP that it protects by that. */
export const STRONGSWAN: Subject = {
  name: 'strongswan',
  fault: '',
  implementation: 'strongswan',
  // Its libipsec reads no other.
  hasOnlyEspInUdp: true,
  make: () => {
    throw new Error('strongSwan is no part of a simulated node');
  },
};
