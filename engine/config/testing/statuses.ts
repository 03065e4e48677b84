import type { PolicyConfig } from '../../node/config.ts';
import type { NodeStatus, PolicyStatus, SaStatus } from '../../node/node.ts';

/** The status of a node with these policies and SAs, and nothing else of interest. */
export function nodeStatus(policies: readonly PolicyConfig[], sas: readonly SaStatus[] = []): NodeStatus {
  return {
    name: 'alice',
    interfaces: [
      {
        name: 'eth0',
        kind: 'ethernet',
        up: true,
        mtu: 1500,
        addresses: ['192.168.33.12/24', '10.0.0.1/24', '2001:db8::1/64'],
        counters: { receivedPackets: 0, receivedOctets: 0, sentPackets: 0, sentOctets: 0 },
      },
    ],
    routes: [],
    policies: policies.map(policyStatus),
    sas,
    filter: null,
    drops: {},
  };
}

function policyStatus(config: PolicyConfig): PolicyStatus {
  return { name: config.name, action: config.action.kind, config, packets: 0, ageSeconds: 60, idleSeconds: null };
}

export function saStatus(changes: Partial<SaStatus>): SaStatus {
  const none = { seconds: null, octets: null, packets: null };
  return {
    spi: 4096,
    direction: 'outbound',
    protocol: 'esp',
    mode: 'transport',
    source: '10.0.0.1',
    destination: '10.0.0.2',
    suite: 'aes128-sha256',
    legacy: false,
    policy: null,
    requestId: null,
    esn: false,
    windowPackets: 0,
    encapsulation: null,
    sequence: '18',
    packets: 18,
    octets: 1840,
    dummyPackets: 0,
    ageSeconds: 127.5,
    lifetime: { soft: none, hard: { ...none, seconds: 3600 } },
    ...changes,
  };
}
