import type { BenchGround } from '../live/ground.ts';
import { otherSite, type Site, sitesText } from '../live/sites.ts';
import type { SubjectParameters } from '../live/subject.ts';

/** Both gateways are plain routers of the kernel; what protects packets is set up beside it. */
export const kernelSitesText = (): string => sitesText(() => ['kind: router']);

/** A program that stays until the turn is over. */
export interface Beside {
  readonly site: Site;
  /** Throws with its last words when it has ended. */
  readonly assertRuns: () => void;
}

const LAST_WORDS_OCTETS = 1024;

export function startBeside(ground: BenchGround, site: Site, argv: readonly string[]): Beside {
  const child = ground.spawn(site.gateway, argv, ['ignore', 'pipe', 'pipe']);
  let lastWords = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS_OCTETS);
    });
  let isOver = false;
  child.on('error', error => {
    lastWords += error.message;
  });
  child.on('close', () => {
    isOver = true;
  });
  return {
    site,
    assertRuns() {
      if (isOver) throw new Error(`${argv[0]} on ${site.gateway} ended: ${lastWords.trim()}`);
    },
  };
}

/** Waits for the device that each program makes, turns it on, and routes the other site's packets into it. */
export async function leadInto(
  ground: BenchGround,
  { inner }: Pick<SubjectParameters, 'inner'>,
  programs: readonly Beside[],
  deviceOf: (site: Site) => string,
): Promise<void> {
  for (const { site, assertRuns } of programs) {
    const device = deviceOf(site);
    await ground.until(`${device} on ${site.gateway}`, async () => {
      assertRuns();
      return (await ground.run(site.gateway, ['ip', 'link', 'show', 'dev', device])).status === 0;
    });
    await must(ground, site, ['ip', 'link', 'set', 'dev', device, 'up']);
    await must(ground, site, ['ip', 'route', 'replace', otherSite(site).network[inner], 'dev', device]);
  }
}

/** Runs a program on a gateway; what it printed. Rejects with its words when it fails. */
export async function must(ground: BenchGround, { gateway }: Site, argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await ground.run(gateway, argv);
  if (status !== 0) throw new Error(`${argv[0]} on ${gateway}: ${stderr.trim() || `status ${status}`}`);
  return stdout;
}
