import { benchClause, documentClause, refusalClause } from '../clause.ts';
import { answered, ping } from '../tester/ah-on-bench.ts';
import { interoperates, refusesChanges } from '../tester/algorithm-clauses.ts';
import { hosts, site } from '../tester/plans.ts';

/** What ESP and AH must have, should have, and must not: RFC 8221 §4 to §6. */

for (const [suite, level] of [
  ['null-sha256', 'MUST'],
  ['aes128-sha256', 'MUST'],
  ['aes256-sha256', 'MUST'],
  ['aes128ccm8', 'SHOULD'],
  ['aes128gcm16', 'MUST'],
  ['aes256gcm16', 'MUST'],
  ['chacha20poly1305', 'SHOULD'],
  ['aes192-sha256', 'MAY'],
] as const) {
  interoperates('rfc8221-5', suite, level);
}

for (const [suite, level] of [
  ['aes128-sha1', 'MUST'],
  ['aes256-sha512', 'SHOULD'],
  ['aes128-aesxcbc', 'SHOULD'],
  ['null-sha1', 'MUST'],
  ['null-sha512', 'SHOULD'],
  ['aes256-sha384', 'MAY'],
  ['null-aescmac', 'MAY'],
  ['aes128ctr-sha256', 'MAY'],
  ['camellia256-sha256', 'MAY'],
  ['aes256ccm16', 'MAY'],
  ['aes192ccm12', 'MAY'],
] as const) {
  interoperates('rfc8221-6', suite, level);
}

/** For those who must talk to a relic, and have asked for it: every report flags them. */
for (const suite of ['3des-sha1', 'null-md5', '3des-md5_128']) interoperates('rfc8221-5', suite, 'MAY');

for (const suite of ['null-sha256', 'aes128-sha1', 'aes256-sha512', 'aes128-aesxcbc', 'aes128ctr-sha256', 'aes128ccm8'])
  refusesChanges('rfc8221-4', suite);

for (const [suite, level] of [
  ['sha256', 'MUST'],
  ['sha1', 'MUST'],
  ['sha512', 'SHOULD'],
  ['aesxcbc', 'SHOULD'],
  ['sha384', 'MAY'],
  ['aescmac', 'MAY'],
] as const) {
  for (const family of [4, 6] as const) {
    benchClause(
      `rfc8221-6-ah-interoperates[${suite}-v${family}]`,
      {
        level,
        text: `AH with ${suite} works in both directions over IPv${family}`,
        scenario: 'The peer pings alice under AH with data of several lengths; the tester verifies her replies.',
        brokenBy: 'other-keys',
        alice: hosts({ outer: family, sa: { protocol: 'ah', suite } }),
      },
      async bench => {
        const texts = [1, 7, 30, 201].map(octets => `AH-${octets} ${'x'.repeat(octets)}`);
        await ping(bench, ...texts.map((text, index) => ({ sequence: index + 1, text, family })));
        answered(bench, texts, 'no answer');
      },
    );
  }
}

refusalClause('rfc8221-4-encryption-without-authentication', {
  level: 'MUST NOT',
  text: 'Encryption is never used without authentication',
  scenario: 'An SA is configured with a cipher that needs an integrity algorithm, and none; it may not be set up.',
  brokenBy: 'replaces-suites',
  refused: Object.fromEntries(
    ['aes128', 'aes256-none', 'aes128ctr', 'camellia128', '3des', 'aes128-null'].map(suite => [
      suite,
      site({ sa: { suite } }),
    ]),
  ),
});

refusalClause('rfc8221-6-null-and-none', {
  level: 'MUST NOT',
  text: 'No integrity is not combined with NULL encryption',
  scenario: 'An SA is configured with NULL and nothing, and with NULL and none.',
  brokenBy: 'replaces-suites',
  refused: { null: site({ sa: { suite: 'null' } }), 'null-none': site({ sa: { suite: 'null-none' } }) },
});

refusalClause('rfc8221-5-unspecified', {
  level: 'MUST NOT',
  text: 'Algorithms without a specification for IPsec are not there',
  scenario: 'An SA is configured with 3IDEA, DES with an IV of 32 and of 64 bits, DES-MAC and KPDK-MD5.',
  brokenBy: 'replaces-suites',
  refused: Object.fromEntries(
    ['3idea-sha1', 'des_iv32-sha1', 'des_iv64-sha1', 'aes128-desmac', 'aes128-kpdkmd5'].map(suite => [
      suite,
      site({ sa: { suite } }),
    ]),
  ),
});

/** As an administrator would meet it: in a topology that is loaded. */
for (const [suite, level, section] of [
  ['des-sha256', 'MUST NOT', '5'],
  ['blowfish-sha256', 'MUST NOT', '5'],
  ['3des-sha256', 'SHOULD NOT', '5'],
  ['aes128-md5', 'MUST NOT', '6'],
  ['null-md5', 'MUST NOT', '6'],
] as const) {
  documentClause(`rfc8221-${section}-legacy-is-refused[${suite}]`, {
    level,
    text: `${suite} is refused unless somebody asks for it in so many words, and the refusal says why`,
    scenario: 'A topology asks for it; loading it must say RFC 8221.',
    brokenBy: 'loads-legacy',
    protect: `esp: [${suite}]`,
    says: /RFC 8221|legacy/i,
  });
}

for (const [what, protect] of [
  ['aes128', 'esp: [aes128]'],
  ['null', 'esp: ["null"]'],
  ['aes256-none', 'esp: [aes256-none]'],
] as const) {
  documentClause(`rfc8221-4-loading-refuses[${what}]`, {
    level: 'MUST NOT',
    text: 'Encryption without authentication cannot be configured, and the refusal says why',
    scenario: 'A topology asks for it; loading it must fail with a reason and a fix.',
    brokenBy: 'loads-legacy',
    protect,
    says: /integrity|protection/i,
  });
}
