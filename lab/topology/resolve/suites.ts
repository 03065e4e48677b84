import { ahSuite, ahSuiteNames } from '../../../engine/crypto/ah-suite.ts';
import { legacyReason as algorithmLegacyReason } from '../../../engine/crypto/algorithm-entry.ts';
import { allEspSuiteNames, espSuiteNames, findEspSuite, legacyReason } from '../../../engine/crypto/esp-suite.ts';
import { quoted, type Report } from '../../../engine/config/diagnostic.ts';
import { didYouMean, nearest } from '../../../engine/config/suggest.ts';
import type { Items, Located } from '../shape.ts';

/** What users of other systems write for encryption, whole names only. */
const ENCRYPTION_ALONE = /^(aes(128|192|256)?(-?(cbc|ctr))?|camellia(128|192|256)?(-?cbc)?|chacha20)(-(none|null))?$/;

interface Judgement {
  /** null: it can be used. */
  readonly message: string | null;
  readonly fix: string;
}

/** The names of the suites that exist and may be used; a diagnostic for each that does not. */
export function resolveSuites(
  suites: Items<Located<string>>,
  protocol: 'esp' | 'ah',
  isLegacyAllowed: boolean,
  report: Report,
): string[] {
  const names: string[] = [];
  for (const { value, place } of suites.items) {
    if (names.includes(value)) {
      report.error(place, `${whatOf(protocol)} ${quoted(value)} is in the list twice`, 'keep one of the two');
      continue;
    }
    const { message, fix } = protocol === 'esp' ? judgeEsp(value, isLegacyAllowed) : judgeAh(value, isLegacyAllowed);
    if (message === null) names.push(value);
    else report.error(place, message, fix);
  }
  return names;
}

const whatOf = (protocol: 'esp' | 'ah'): string => (protocol === 'esp' ? 'ESP suite' : 'integrity algorithm');

function judgeEsp(name: string, isLegacyAllowed: boolean): Judgement {
  const found = findEspSuite(name);
  const what = `ESP suite ${quoted(name)}`;
  switch (found.kind) {
    case 'suite': {
      const reason = legacyReason(found.suite);
      if (reason === null || isLegacyAllowed) return { message: null, fix: '' };
      return { message: `${what} is a relic (${reason})`, fix: 'use aes256gcm16, or allow it with legacy: true' };
    }
    case 'unavailable':
      return { message: `${what} cannot be computed here: ${found.why}`, fix: 'use aes256gcm16' };
    case 'refused':
      return { message: `${what}: ${found.why}`, fix: `use ${found.instead}` };
    case 'unknown':
      if (ENCRYPTION_ALONE.test(name.toLowerCase())) {
        const why = 'encryption without integrity: whoever is on the path can change packets unseen (RFC 8221 §4)';
        return {
          message: `${what}: ${why}`,
          fix: 'use aes256gcm16, or name an integrity algorithm as in aes256-sha256',
        };
      }
      return { message: `unknown ESP suite ${quoted(name)}`, fix: nearestSuite(name) };
  }
}

/** A legacy suite is offered only to somebody who nearly wrote it. */
function nearestSuite(name: string): string {
  const near = nearest(name, espSuiteNames()) ?? nearest(name, allEspSuiteNames());
  return near === null ? 'use aes256gcm16, chacha20poly1305, aes256-sha256, …' : `did you mean ${quoted(near)}?`;
}

function judgeAh(name: string, isLegacyAllowed: boolean): Judgement {
  const algorithm = ahSuite(name);
  if (algorithm === null) {
    const fix = didYouMean(name, ahSuiteNames(), '');
    return { message: `unknown integrity algorithm ${quoted(name)}`, fix };
  }
  const reason = algorithmLegacyReason(algorithm);
  if (reason === null || isLegacyAllowed) return { message: null, fix: '' };
  const message = `integrity algorithm ${quoted(name)} is a relic (${reason})`;
  return { message, fix: 'use sha256, or allow it with legacy: true' };
}
