import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB, otherSite, type Site, sitesText } from '../live/sites.ts';
import type { SubjectParameters } from '../live/subject.ts';

/** Both gateways are plain routers of the kernel; what protects packets is set up beside it. */
export const kernelSitesText = (): string => sitesText(() => ['kind: router']);

/** A program that stays until the turn is over; nobody reads what it says. */
export function startBeside(ground: BenchGround, { gateway }: Site, argv: readonly string[]): void {
  const child = ground.spawn(gateway, argv, ['ignore', 'pipe', 'pipe']);
  child.stdout?.resume();
  child.stderr?.resume();
}

/** Waits for the device that a program makes at each end, turns it on, and routes the other site's packets into it. */
export async function leadInto(
  ground: BenchGround,
  { inner }: Pick<SubjectParameters, 'inner'>,
  deviceOf: (site: Site) => string,
): Promise<void> {
  for (const site of [ALICE, BOB]) {
    const device = deviceOf(site);
    const isThere = async () => (await ground.run(site.gateway, ['ip', 'link', 'show', 'dev', device])).status === 0;
    await ground.until(`${device} on ${site.gateway}`, isThere);
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
