import type { NodeConfig, PolicyConfig, SaConfig } from '../../engine/node/config.ts';
import { espSuite } from '../../engine/crypto/esp-suite.ts';
import { createNode } from '../../engine/node/create.ts';
import { loadTopology } from '../topology/load.ts';
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
  eachPolicy('bypasses-protect', 'lets pass in the clear what it should protect', policy =>
    policy.action.kind === 'protect' ? { ...policy, action: { kind: 'bypass' } } : policy,
  ),
  eachPolicy('bypasses-discard', 'lets pass in the clear what it should discard', policy =>
    policy.action.kind === 'discard' ? { ...policy, action: { kind: 'bypass' } } : policy,
  ),
  eachPolicy('discards-bypass', 'discards what it should let pass', policy =>
    policy.action.kind === 'bypass' ? { ...policy, action: { kind: 'discard' } } : policy,
  ),
  configSubject('bypasses-the-rest', 'lets pass in the clear what no policy matches', config => ({
    ...config,
    policies: [...config.policies, { ...ANYTHING, name: 'rest', action: { kind: 'bypass' } }],
  })),
  configSubject('last-match', 'lets the last policy decide that matches', config => ({
    ...config,
    policies: [...config.policies].reverse(),
  })),
  eachPolicy('ranges-are-prefixes', 'takes a range of addresses for the net that it is in', policy => ({
    ...policy,
    local: netsAround(policy.local),
    remote: netsAround(policy.remote),
  })),
  eachPolicy('first-of-list', 'reads the first of a list of addresses', policy => ({
    ...policy,
    local: typeof policy.local === 'string' ? policy.local : policy.local.slice(0, 1),
    remote: typeof policy.remote === 'string' ? policy.remote : policy.remote.slice(0, 1),
  })),
  eachPolicy('ignores-protocol', 'looks at addresses alone', policy => ({
    ...policy,
    protocol: 'any',
    localPort: 'any',
    remotePort: 'any',
  })),
  eachPolicy('ignores-ports', 'does not look at ports', policy => ({ ...policy, localPort: 'any', remotePort: 'any' })),
  eachPolicy('opaque-is-any', 'takes OPAQUE for ANY', policy => ({
    ...policy,
    localPort: policy.localPort === 'opaque' ? 'any' : policy.localPort,
    remotePort: policy.remotePort === 'opaque' ? 'any' : policy.remotePort,
  })),
  eachPolicy('ignores-icmp-type', 'does not look at type and code of ICMP', policy => ({ ...policy, icmp: 'any' })),
  eachPolicy('ignores-direction', 'looks at every policy in both directions', policy => ({
    ...policy,
    direction: 'both',
  })),
  configSubject('shares-sas', 'uses one SA for all flows of a policy', config => ({
    ...config,
    policies: config.policies.map(policy =>
      policy.action.kind === 'protect' ? { ...policy, action: { ...policy.action, sharing: 'shared' } } : policy,
    ),
    sas: config.sas.map(sa => ({ ...sa, selector: null })),
  })),
  configSubject('one-entry-for-all', 'does not tell the SAs of its policies apart', config => ({
    ...config,
    policies: config.policies.slice(-1),
    sas: config.sas.map(sa => ({ ...sa, policy: config.policies.at(-1)?.name ?? null })),
  })),
  eachSa('outer-as-usual', 'makes outer headers without a look at what the SA says of them', sa => ({
    ...sa,
    outer: {},
  })),
  eachSa('moves-reserved-spis', 'takes a reserved SPI for one of its own', sa => ({
    ...sa,
    spi: Math.max(256, sa.spi),
  })),
  configSubject('keeps-first-of-spi', 'forgets all but the first SA of an SPI', config => ({
    ...config,
    sas: config.sas.filter(({ spi }, index) => config.sas.findIndex(sa => sa.spi === spi) === index),
  })),
  eachSa('moves-small-windows', 'makes a window of 32 where it is told less', sa => ({
    ...sa,
    windowPackets: sa.windowPackets < 32 ? 32 : sa.windowPackets,
  })),
  eachSa('replaces-suites', 'uses another suite where it does not know the one it is told', sa => {
    if ((sa.protocol ?? 'esp') === 'ah' || findsSuite(sa.suite)) return sa;
    return { ...sa, suite: 'aes128-sha256', encryptionKey: '5a'.repeat(16), integrityKey: 'a5'.repeat(32) };
  }),
  configSubject('first-transform-only', 'applies and asks for the first of the SAs of a bundle alone', config => ({
    ...config,
    policies: config.policies.map(policy => withTransforms(policy, transforms => transforms.slice(0, 1))),
    sas: config.sas.filter(sa => (sa.transform ?? 0) === 0),
  })),
  configSubject('last-transform-only', 'applies and asks for the last of the SAs of a bundle alone', config => ({
    ...config,
    policies: config.policies.map(policy => withTransforms(policy, transforms => transforms.slice(-1))),
    sas: config.sas.filter(sa => (sa.transform ?? 0) > 0).map(sa => ({ ...sa, transform: 0 })),
  })),
  eachPolicy('use-is-require', 'asks for an SA also where it need not be', policy =>
    withTransforms(policy, transforms => transforms.map(it => ({ ...it, level: 'require' }))),
  ),
  eachPolicy('use-is-bypass', 'uses no SA where it need not be', policy =>
    policy.action.kind === 'protect' ? { ...policy, action: { kind: 'bypass' } } : policy,
  ),
  eachPolicy('ignores-request-id', 'takes an SA of any number', policy =>
    withTransforms(policy, transforms => transforms.map(it => ({ ...it, requestId: null }))),
  ),
  eachPolicy('takes-ah-for-esp', 'accepts AH where ESP is due', policy =>
    withTransforms(policy, transforms => transforms.map(it => ({ ...it, protocol: 'ah' }))),
  ),
  configSubject('no-spd-of-interfaces', 'forgets the policies of its interfaces', config => ({
    ...config,
    policies: config.policies.filter(({ tunnel }) => tunnel === null),
    sas: [],
  })),
  eachPolicy('ignores-remote-and-ports', 'lets anything for its own side come out of an SA', policy => ({
    ...policy,
    ...ANYTHING,
    tunnel: policy.tunnel,
    local: policy.local,
  })),
  eachSa('immortal-sas', 'uses SAs for ever', sa => ({ ...sa, lifetime: {} })),
  eachSa('other-keys', 'uses other keys than it was given', sa => ({
    ...sa,
    encryptionKey: inverted(sa.encryptionKey),
    integrityKey: inverted(sa.integrityKey),
  })),
  eachSa('zero-salt', 'takes zeros for the salt at the end of its keying material', sa => ({
    ...sa,
    encryptionKey: `${sa.encryptionKey.slice(0, -8)}00000000`,
  })),
  eachSa('fits-keys', 'cuts keying material to the length that it wants, or fills it up', sa => {
    const suite = espSuite(sa.suite);
    if (suite === null) return sa;
    const digits = (suite.encryption.keyOctets + suite.encryption.saltOctets) * 2;
    return { ...sa, encryptionKey: sa.encryptionKey.padEnd(digits, '5a').slice(0, digits) };
  }),
  {
    name: 'loads-legacy',
    fault: 'loads topologies that ask for any algorithm',
    make: createNode,
    load: (file, text) => loadTopology(file, text.replaceAll(/esp: \[[^\]]*\]/g, 'esp: [aes256gcm16]')),
  },
];

/** Each bit of it. */
const inverted = (hex: string): string =>
  hex.replaceAll(/[\da-f]/gi, digit => (15 - Number.parseInt(digit, 16)).toString(16));

const findsSuite = (name: string): boolean => espSuite(name) !== null;

const ANYTHING = {
  tunnel: null,
  local: 'any',
  remote: 'any',
  protocol: 'any',
  localPort: 'any',
  remotePort: 'any',
} as const;

function netsAround(addresses: string | readonly string[]): string | readonly string[] {
  if (addresses === 'any') return addresses;
  const list = typeof addresses === 'string' ? [addresses] : addresses;
  return list.map(text => {
    const [low = text] = text.split('-');
    return low.includes('/') ? low : `${low}/${low.includes(':') ? 64 : 24}`;
  });
}

type Transforms = Extract<PolicyConfig['action'], { kind: 'protect' }>['transforms'];

function withTransforms(policy: PolicyConfig, change: (transforms: Transforms) => Transforms): PolicyConfig {
  if (policy.action.kind !== 'protect') return policy;
  return { ...policy, action: { ...policy.action, transforms: change(policy.action.transforms) } };
}

function eachPolicy(name: string, fault: string, change: (policy: PolicyConfig) => PolicyConfig): Subject {
  return configSubject(name, fault, config => ({ ...config, policies: config.policies.map(change) }));
}

function eachSa(name: string, fault: string, change: (sa: SaConfig) => SaConfig): Subject {
  return configSubject(name, fault, (config: NodeConfig) => ({ ...config, sas: config.sas.map(change) }));
}
