import { parseFilter, type FilterFileOptions } from '../parse.ts';
import type { FilterConfig } from '../rule.ts';

/** For tests: an ipf.conf in which nothing is wrong. */
export function filterOf(text: string, options?: FilterFileOptions): FilterConfig {
  const { config, diagnostics } = parseFilter('ipf.conf', text, options);
  if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics[0]));
  return config;
}
