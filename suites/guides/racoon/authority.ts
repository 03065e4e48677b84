import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCharles } from '../charles.ts';
import type { Walk } from '../walk.ts';
import { ADDRESS, type Machine, MACHINES, others } from './mesh.ts';

/** Another authority, which works with OpenSSL, and what its deployment does to a machine. */
export interface Renewal {
  /**
   * The machine's new key and certificate, and the authority's, in the place of the old ones; racoon begins again with them.
   * `seconds`: for how long the certificate is good; absent: for years.
   */
  readonly deploy: (walk: Walk, machine: Machine, seconds?: number) => Promise<void>;
  close(): void;
}

const CERTIFICATES = '/etc/racoon/certs';

export function beginRenewal(): Renewal {
  const authority = openCharles('/O=ipsec-lab/CN=IPsec CA 2');
  return {
    deploy: async (walk, machine, seconds) => {
      const { key, request } = requestOf(machine);
      const until = seconds === undefined ? undefined : momentText(walk.lab.now() + BigInt(seconds) * 1_000_000_000n);
      await walk.write(machine, `${CERTIFICATES}/cluster.pem`, authority.certificate);
      await walk.write(machine, `${CERTIFICATES}/${machine}.key`, key);
      await walk.write(machine, `${CERTIFICATES}/${machine}.pem`, authority.issue(request, until));
      await walk.does(machine, 'service racoon restart');
    },
    close: () => authority.close(),
  };
}

/** `20260131120000Z` of nanoseconds since the Unix epoch. */
const momentText = (ns: bigint): string =>
  `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;

function requestOf(machine: Machine): { readonly key: string; readonly request: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-'));
  const own = ['-newkey', 'rsa:2048', '-nodes', '-subj', `/O=ipsec-lab/CN=${machine}`, '-config', 'req.conf'];
  writeFileSync(join(folder, 'req.conf'), '[req]\ndistinguished_name = name\n[name]\n');
  execFileSync('openssl', ['req', '-new', ...own, '-keyout', 'key', '-out', 'csr'], { cwd: folder, stdio: 'pipe' });
  const [key, request] = ['key', 'csr'].map(file => readFileSync(join(folder, file), 'utf8'));
  rmSync(folder, { recursive: true });
  return { key: key ?? '', request: request ?? '' };
}

/**
 * Between every two machines there is an ISAKMP SA that is younger than that: who was deployed since believes in the new authority
 * alone. `since`: the lab's clock.
 */
export async function expectAllAnew(walk: Walk, since: bigint): Promise<void> {
  await walk.until(async () => {
    const seconds = Number(walk.lab.now() - since) / 1e9;
    const all = await walk.lab.ike();
    return MACHINES.every(machine => {
      const sas = all.find(({ node }) => node === machine)?.status.sas ?? [];
      const fresh = sas.filter(({ state, ageSeconds }) => state === 'established' && ageSeconds < seconds);
      return others(machine).every(other => fresh.some(({ remote }) => remote === `${ADDRESS[other]}:500`));
    });
  }, 120_000);
}
