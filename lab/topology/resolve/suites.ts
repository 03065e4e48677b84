import { espSuite, espSuiteNames } from '../../../engine/crypto/esp-suite.ts';
import { quoted, type Report } from '../../../engine/config/diagnostic.ts';
import type { Items, Located } from '../shape.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';

/** What users of other systems write for encryption, whole names only. */
const ENCRYPTION_ALONE =
  /^(aes(128|192|256)?(-?(cbc|ctr))?|3des|des|blowfish|camellia(128|192|256)?|chacha20)(-(none|null))?$/;
const NULL_ENCRYPTION = /^null/;

/** The names of the suites that exist; a diagnostic for each that does not. */
export function resolveSuites(suites: Items<Located<string>>, report: Report): string[] {
  const names: string[] = [];
  for (const { value, place } of suites.items) {
    const lower = value.toLowerCase();
    if (names.includes(value)) {
      report.error(place, `ESP suite ${quoted(value)} is in the list twice`, 'keep one of the two');
    } else if (espSuite(value) !== null) {
      names.push(value);
    } else if (NULL_ENCRYPTION.test(lower)) {
      report.error(
        place,
        `ESP suite ${quoted(value)} does not encrypt`,
        'use aes256gcm16; without IPsec at all, write bypass: true',
      );
    } else if (ENCRYPTION_ALONE.test(lower)) {
      const message = `ESP suite ${quoted(value)} encrypts without integrity: whoever is on the path can change packets unseen (RFC 8221 §4)`;
      report.error(place, message, 'use aes256gcm16, or name an integrity algorithm as in aes256-sha256');
    } else {
      report.error(place, `unknown ESP suite ${quoted(value)}`, didYouMean(value, espSuiteNames(), ''));
    }
  }
  return names;
}
