import { refusalClause } from '../clause.ts';
import {
  coversSpiAndSequence,
  interoperates,
  ivsAreUnique,
  padsToFour,
  refusesChanges,
  usesSalt,
} from '../tester/algorithm-clauses.ts';
import { site } from '../tester/plans.ts';

/** ChaCha20 and Poly1305 in ESP, RFC 7634 §2. */

interoperates('rfc7634-2', 'chacha20poly1305', 'MUST');
interoperates('rfc7634-2', 'chacha20poly1305', 'MUST', true);
refusesChanges('rfc7634-2', 'chacha20poly1305');
ivsAreUnique('rfc7634-2', 'chacha20poly1305');
usesSalt('rfc7634-2', 'chacha20poly1305');
coversSpiAndSequence('rfc7634-2.1', 'chacha20poly1305');
padsToFour('rfc7634-2', 'chacha20poly1305');

refusalClause('rfc7634-2-keying-material', {
  level: 'MUST',
  text: 'Keying material is a key of 256 bits and four octets of salt',
  scenario: 'An SA is configured with 32 octets, with 20, and with 40.',
  brokenBy: 'fits-keys',
  refused: {
    'no salt': site({ sa: { suite: 'chacha20poly1305', material: octets => octets.slice(0, 64) } }),
    'a key of 128 bits': site({ sa: { suite: 'chacha20poly1305', material: octets => octets.slice(0, 40) } }),
    'too much': site({ sa: { suite: 'chacha20poly1305', material: octets => `${octets}00112233` } }),
  },
});
