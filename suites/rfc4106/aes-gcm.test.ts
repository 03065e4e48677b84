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

/** AES-GCM in ESP: key sizes §8.2, ICV sizes §6, IV §3.1, nonce §4, additional data §5. */

for (const suite of ['aes128gcm16', 'aes192gcm16', 'aes256gcm16']) interoperates('rfc4106-8.2', suite, 'MUST');
for (const suite of ['aes128gcm8', 'aes256gcm12']) interoperates('rfc4106-6', suite, 'MAY');
for (const suite of ['aes128gcm8', 'aes192gcm12', 'aes256gcm16']) refusesChanges('rfc4106-6', suite);
ivsAreUnique('rfc4106-3.1', 'aes128gcm16');
coversSpiAndSequence('rfc4106-5', 'aes256gcm16');
coversSpiAndSequence('rfc4106-5', 'aes128gcm12');
usesSalt('rfc4106-4', 'aes256gcm16');
padsToFour('rfc4106-3.2', 'aes128gcm16');

refusalClause('rfc4106-6-other-icv-lengths', {
  level: 'MUST NOT',
  text: 'ICVs are 8, 12 or 16 octets long, and of no other length',
  scenario: 'An SA is configured with ICVs of 4, 10, 13, 14 and 15 octets; none may be set up.',
  brokenBy: 'replaces-suites',
  refused: Object.fromEntries(
    [4, 10, 13, 14, 15].map(octets => [`an ICV of ${octets}`, site({ sa: { suite: `aes128gcm${octets}` } })]),
  ),
});

refusalClause('rfc4106-8.1-keying-material', {
  level: 'MUST',
  text: 'Keying material is the key and four octets of salt: 20, 28 or 36 octets',
  scenario: 'An SA is configured with material that lacks the salt, and with four octets too many.',
  brokenBy: 'fits-keys',
  refused: {
    'no salt': site({ sa: { suite: 'aes128gcm16', material: octets => octets.slice(0, 32) } }),
    'too much': site({ sa: { suite: 'aes256gcm16', material: octets => `${octets}00112233` } }),
  },
});
