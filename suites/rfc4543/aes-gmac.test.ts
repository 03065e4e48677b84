import { benchClause, refusalClause } from '../clause.ts';
import { ahFrom, answered, ping } from '../tester/ah-on-bench.ts';
import { coversSpiAndSequence, interoperates, ivsAreUnique, refusesChanges } from '../tester/algorithm-clauses.ts';
import { judge } from '../tester/judgement.ts';
import { hosts, site } from '../tester/plans.ts';

/** AES-GMAC: in ESP (§3) it hides nothing, in AH (§4) the IV stands in the ICV field. */

for (const suite of ['aes128gmac', 'aes192gmac', 'aes256gmac']) interoperates('rfc4543-3', suite, 'MUST');
refusesChanges('rfc4543-3.4', 'aes128gmac');
ivsAreUnique('rfc4543-3.1', 'aes256gmac');
coversSpiAndSequence('rfc4543-3.3', 'aes128gmac');

for (const suite of ['aes128gmac', 'aes192gmac', 'aes256gmac']) {
  benchClause(
    `rfc4543-4-ah[${suite}]`,
    {
      level: 'MUST',
      text: 'In AH the ICV field is the IV of 8 octets and the tag of 16, and no IV comes twice',
      scenario: 'The peer pings alice eight times under AH; the tester verifies the replies and compares their IVs.',
      brokenBy: 'other-keys',
      alice: hosts({ sa: { protocol: 'ah', suite } }),
    },
    async bench => {
      const texts = Array.from({ length: 8 }, (_, index) => `GMAC-${index} `);
      await ping(bench, ...texts.map((text, index) => ({ sequence: index + 1, text })));
      answered(bench, texts, 'no answer');
      const seen = ahFrom(bench);
      judge(
        seen.every(({ ah }) => ah.octets === 36),
        `an AH of ${seen[0]?.ah.octets} octets, not 36`,
      );
      const ivs = new Set(seen.map(({ ah }) => Buffer.from(ah.icv.subarray(0, 8)).toString('hex')));
      judge(ivs.size === texts.length, `${ivs.size} IVs in ${texts.length} packets`);
    },
  );
}

refusalClause('rfc4543-3-not-beside-another', {
  level: 'MUST NOT',
  text: 'GMAC in ESP stands alone: neither beside another cipher nor as an integrity algorithm',
  scenario: 'An SA is configured with aes128 and GMAC, and with GMAC and an HMAC; none may be set up.',
  brokenBy: 'replaces-suites',
  refused: {
    'AES-CBC and GMAC': site({ sa: { suite: 'aes128-aes128gmac' } }),
    'GMAC and an HMAC': site({ sa: { suite: 'aes128gmac-sha256' } }),
  },
});
