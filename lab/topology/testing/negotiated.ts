import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { topologiesDirectory } from '../shipped.ts';

/** topologies/site-to-site-manual.yaml with IKE in the place of its keys: `alice` and `bob` are what stands under `ike:` there. */
export function negotiated(
  alice = 'auth: { psk: "${secrets.alice-bob}" }, start: start',
  bob = 'auth: { psk: "${secrets.alice-bob}" }',
  more = '',
): string {
  const text = readFileSync(join(topologiesDirectory(), 'site-to-site-manual.yaml'), 'utf8');
  return text
    .replace('secrets:', `${more}\nsecrets:`)
    .replaceAll(', key: "${secrets.alice-bob}"', '')
    .replace('    policy:\n      - { tunnel: v4_bob0', `    ike: { ${alice} }\n    policy:\n      - { tunnel: v4_bob0`)
    .replace(
      '    policy:\n      - { tunnel: v4_alice0',
      `    ike: { ${bob} }\n    policy:\n      - { tunnel: v4_alice0`,
    );
}
