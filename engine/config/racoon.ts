import type { SharedSecretConfig } from '../ike/config.ts';
import { Report } from './diagnostic.ts';
import type { KeyRulesReading } from './key-rules.ts';

/** Reads racoon.conf (racoon.conf(5)). `secrets`: those of its psk.txt. */
export function readRacoon(
  file: string,
  text: string,
  _rules: { readonly legacy: boolean; readonly secrets: readonly SharedSecretConfig[] },
): KeyRulesReading {
  const report = new Report(file);
  report.error(
    { line: 1, column: 1 },
    `racoon.conf of ${text.length} characters is not read yet`,
    'write ike: { version: 1 }',
  );
  return { stated: null, diagnostics: report.diagnostics(), notes: [] };
}
