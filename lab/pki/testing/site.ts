import { createHash } from 'node:crypto';
import type { Random } from '../../../engine/crypto/random.ts';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Topology } from '../../topology/model.ts';
import { negotiated } from '../../topology/testing/negotiated.ts';

/** 2026-01-01 00:00:00 UTC. */
export const START = 1_767_225_600;

/** The topology of two gateways with that `pki:` section, YAML. */
export function withPki(
  pki: string,
  alice = 'auth: { certificate: alice }',
  bob = 'auth: { certificate: bob }',
): Topology {
  const { topology, diagnostics } = loadTopology('pki.yaml', negotiated(alice, bob, pki));
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return topology;
}

/** Octets that depend on the seed and the name alone. */
export function randomFor(seed: string): (name: string) => Random {
  return name => {
    let count = 0;
    return {
      bytes(length) {
        const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
          createHash('sha256').update(`${seed}/${name}/${count++}`).digest(),
        );
        return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
      },
    };
  };
}
