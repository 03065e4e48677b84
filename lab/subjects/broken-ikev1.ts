import { BROKEN_IKEV1_ATTACKED } from './broken-ikev1-attacked.ts';
import { BROKEN_IKEV1_HEADERS } from './broken-ikev1-headers.ts';
import { BROKEN_IKEV1_LIFETIMES } from './broken-ikev1-lifetimes.ts';
import { BROKEN_IKEV1_NAT } from './broken-ikev1-nat.ts';
import { BROKEN_IKEV1_NOTICES } from './broken-ikev1-notices.ts';
import { BROKEN_IKEV1_PHASE1 } from './broken-ikev1-phase1.ts';
import { BROKEN_IKEV1_PHASE2 } from './broken-ikev1-phase2.ts';
import { BROKEN_IKEV1_SIGNATURES } from './broken-ikev1-signatures.ts';
import { BROKEN_IKEV1_USERS } from './broken-ikev1-users.ts';
import type { Subject } from './subject.ts';

/** Those that break a rule of IKEv1. */
export const BROKEN_IKEV1: readonly Subject[] = [
  ...BROKEN_IKEV1_HEADERS,
  ...BROKEN_IKEV1_PHASE1,
  ...BROKEN_IKEV1_SIGNATURES,
  ...BROKEN_IKEV1_USERS,
  ...BROKEN_IKEV1_PHASE2,
  ...BROKEN_IKEV1_LIFETIMES,
  ...BROKEN_IKEV1_NOTICES,
  ...BROKEN_IKEV1_NAT,
  ...BROKEN_IKEV1_ATTACKED,
];
