import type { NodeConfig, SaConfig } from '../../engine/node/config.ts';
import { espSuite } from '../../engine/crypto/esp-suite.ts';
import { configSubject } from './build.ts';
import type { Subject } from './subject.ts';

/** Those that were told everything, and leave one thing out. */
export const BROKEN_CONFIG: readonly Subject[] = [
  configSubject('accepts-clear', 'has no policy: sends and accepts in the clear', config => ({
    ...config,
    policies: [],
    sas: [],
  })),
  configSubject('ignores-selectors', 'lets anything come out of an SA', config => ({
    ...config,
    policies: config.policies.map(policy => ({ ...policy, local: 'any', remote: 'any' })),
  })),
  configSubject('one-sa-both-ways', 'sends under the SPI on which it receives', config => {
    const inbound = config.sas.find(sa => sa.direction === 'inbound');
    return {
      ...config,
      sas: config.sas.map(sa => (sa.direction === 'outbound' && inbound ? { ...sa, spi: inbound.spi } : sa)),
    };
  }),
  eachSa('always-anti-replay', 'checks replays on each SA', sa => ({ ...sa, windowPackets: sa.windowPackets || 64 })),
  eachSa('no-traffic-flow', 'neither pads nor sends dummies', sa => ({ ...sa, trafficFlow: null })),
  eachSa('moves-reserved-spis', 'takes a reserved SPI for one of its own', sa => ({
    ...sa,
    spi: Math.max(256, sa.spi),
  })),
  eachSa('moves-small-windows', 'makes a window of 32 where it is told less', sa => ({
    ...sa,
    windowPackets: sa.windowPackets < 32 ? 32 : sa.windowPackets,
  })),
  eachSa('replaces-suites', 'uses another suite where it does not know the one it is told', sa => {
    if ((sa.protocol ?? 'esp') === 'ah' || findsSuite(sa.suite)) return sa;
    return { ...sa, suite: 'aes128-sha256', encryptionKey: '5a'.repeat(16), integrityKey: 'a5'.repeat(32) };
  }),
];

const findsSuite = (name: string): boolean => espSuite(name) !== null;

function eachSa(name: string, fault: string, change: (sa: SaConfig) => SaConfig): Subject {
  return configSubject(name, fault, (config: NodeConfig) => ({ ...config, sas: config.sas.map(change) }));
}
