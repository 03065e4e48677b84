import { type Diagnostic, formatDiagnostic } from '../../engine/config/diagnostic.ts';

/** All of them, each with its fix. */
export const diagnosticLines = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics.map(each => `${formatDiagnostic(each)}\n`).join('');
