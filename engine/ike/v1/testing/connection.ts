import type { ChildConfig, ConnectionConfig, IkeConfig } from '../../config.ts';
import { childConfig, pair } from '../../testing/connection.ts';
import { DEFAULT_V1, type V1Config } from '../../v1-config.ts';

/** For tests: a child as IKEv1 can say it. */
export function v1Child(given: Partial<ChildConfig> = {}): ChildConfig {
  return childConfig({
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes128'],
        integrity: ['sha256'],
        keyExchange: [],
        additionalKeyExchanges: [],
        esn: ['no'],
      },
    ],
    ...given,
  });
}

/** For tests: two gateways that speak IKEv1, Alice calls. `given` and `v1` are the same for both. */
export function v1Pair(
  given: Partial<ConnectionConfig> = {},
  v1: Partial<V1Config> = {},
): { readonly alice: IkeConfig; readonly bob: IkeConfig } {
  return pair({
    version: 1,
    v1: { ...DEFAULT_V1, ...v1 },
    proposals: [
      { encryption: ['aes256'], integrity: ['sha256'], prf: [], keyExchange: ['ecp256'], additionalKeyExchanges: [] },
    ],
    children: [v1Child({ start: 'start' })],
    ...given,
  });
}

/** The same configuration with another connection. */
export function withConnection(config: IkeConfig, given: Partial<ConnectionConfig>): IkeConfig {
  return { ...config, connections: config.connections.map(connection => ({ ...connection, ...given })) };
}

/** The same configuration with other words of IKEv1. */
export function withV1(config: IkeConfig, v1: Partial<V1Config>): IkeConfig {
  return {
    ...config,
    connections: config.connections.map(connection => ({
      ...connection,
      v1: { ...(connection.v1 ?? DEFAULT_V1), ...v1 },
    })),
  };
}
