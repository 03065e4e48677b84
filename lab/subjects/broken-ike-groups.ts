import { ikeStepSubject } from './build-ike.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with key exchanges, RFC 6989 and RFC 9370. */
export const BROKEN_IKE_GROUPS: readonly Subject[] = [
  ikeStepSubject('ike-no-point', 'takes no value of the peer’s for one of the group', {
    keyExchanged: result => (result.kind === 'shared' ? { ...result, kind: 'invalid', why: 'it is broken' } : result),
  }),
];
