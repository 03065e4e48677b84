import { quoted } from '../../../engine/config/diagnostic.ts';
import type { Located } from '../shape.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { Scope } from './scope.ts';

/** Short ones would be guessed by anyone who cares to; the lab's point is not to teach that. */
const CHARACTERS_MIN = 8;

/** Judges the `secrets:` of a file. */
export function reportSecrets(scope: Scope): void {
  for (const { name, value } of scope.text.secrets?.entries ?? []) {
    if (value !== undefined && !value.value.includes('${'))
      reportShort(scope, value, value.value, `the secret ${quoted(name)}`);
  }
}

/** The text with each `${secrets.NAME}` replaced, or null after a diagnostic. */
export function interpolate(scope: Scope, text: Located<string>): string | null {
  const secrets = new Map((scope.text.secrets?.entries ?? []).map(({ name, value }) => [name, value?.value ?? null]));
  let isGood = true;
  const result = text.value.replace(/\$\{([^}]*)(\}?)/g, (whole, inner: string, close: string) => {
    const name = /^secrets\.(.*)$/.exec(inner.trim())?.[1];
    if (close === '' || name === undefined) {
      scope.report.error(text.place, `${quoted(whole)} is not a reference to a secret`, 'write "${secrets.NAME}"');
      isGood = false;
      return '';
    }
    const secret = secrets.get(name);
    if (secret === undefined) {
      const fix = didYouMean(
        name,
        [...secrets.keys()],
        `add secrets: { ${name.slice(0, 32)}: "…" } at the top of the file`,
      );
      scope.report.error(text.place, `there is no secret ${quoted(name)}`, fix);
    }
    isGood &&= typeof secret === 'string';
    return secret ?? '';
  });
  if (!isGood) return null;
  const isLiteral = !text.value.includes('${');
  return isLiteral && reportShort(scope, text, result, 'the key') ? null : result;
}

function reportShort(scope: Scope, where: Located<string>, secret: string, what: string): boolean {
  if (secret.length >= CHARACTERS_MIN) return false;
  scope.report.error(where.place, `${what} has ${secret.length} characters`, `use ${CHARACTERS_MIN} or more`);
  return true;
}
