import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { topologiesDirectory } from '../../lab/topology/shipped.ts';

const WAN = 'wan: { endpoints: ["alice:net0", "internet:alice"] }';

/** site-to-site-manual with a worse WAN, `loss: 5%` for instance. */
export function impairedSiteToSite(impairment: string): string {
  const text = readFileSync(join(topologiesDirectory(), 'site-to-site-manual.yaml'), 'utf8');
  if (!text.includes(WAN)) throw new Error(`site-to-site-manual.yaml does not say ${WAN}`);
  return text.replace(WAN, WAN.replace(' }', `, impair: { ${impairment} } }`));
}

/** What no kernel does as the lab means it, so that a process of the lab carries the link. */
export const CARRIED_BY_THE_LAB = 'delay: 1ms, rate: 1gbit, queue: 1000';
