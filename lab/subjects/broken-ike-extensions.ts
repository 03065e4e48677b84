import { BROKEN_IKE_FLOODS } from './broken-ike-floods.ts';
import { BROKEN_IKE_GROUPS } from './broken-ike-groups.ts';
import { BROKEN_IKE_INTERMEDIATE } from './broken-ike-intermediate.ts';
import { BROKEN_IKE_MOVERS } from './broken-ike-movers.ts';
import { BROKEN_IKE_POISON } from './broken-ike-poison.ts';
import { BROKEN_IKE_SIGNATURES } from './broken-ike-signatures.ts';
import type { Subject } from './subject.ts';

/** Those that break what extends RFC 7296. */
export const BROKEN_IKE_EXTENSIONS: readonly Subject[] = [
  ...BROKEN_IKE_FLOODS,
  ...BROKEN_IKE_GROUPS,
  ...BROKEN_IKE_INTERMEDIATE,
  ...BROKEN_IKE_MOVERS,
  ...BROKEN_IKE_POISON,
  ...BROKEN_IKE_SIGNATURES,
];
