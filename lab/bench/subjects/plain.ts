import { otherSite, sitesText } from '../live/sites.ts';
import type { BenchSubject } from '../live/subject.ts';

/** Two routers of the kernel and nothing between them: what no tunnel through the same links can exceed. */
export const plain: BenchSubject = {
  name: 'plain',
  title: 'plain forwarding',
  obstacle: () => null,
  topologyText: () =>
    sitesText(site => {
      const { network, wan } = otherSite(site);
      return [
        'kind: router',
        'routes:',
        `  - { to: ${network[4]}, via: ${wan[4]} }`,
        `  - { to: "${network[6]}", via: "${wan[6]}" }`,
      ];
    }),
  outerOctets: (_, innerOctets) => innerOctets,
};
