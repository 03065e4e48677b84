import type { NodeConfig, PolicyConfig } from '../config.ts';
import { createNet, type Net } from './net.ts';
import { nodeConfig, port, route, saPair, SITE_WIRES, TO_ALICE, TO_BOB } from './sites.ts';

/** h1 – r – h2, both families: `router` is what the router has besides, and `farMtu` that of the link to h2. */
export function aroundRouter(router: Partial<NodeConfig> = {}, farMtu = 1500): Net {
  return createNet(
    [
      nodeConfig('h1', {
        interfaces: [port('e', ['10.1.0.2/24', '2001:db8:1::2/64'])],
        routes: [route('0.0.0.0/0', '10.1.0.1'), route('::/0', '2001:db8:1::1')],
      }),
      nodeConfig('r', {
        forwarding: true,
        interfaces: [
          port('left', ['10.1.0.1/24', '2001:db8:1::1/64']),
          port('right', ['10.2.0.1/24', '2001:db8:2::1/64'], { mtu: farMtu }),
        ],
        ...router,
      }),
      nodeConfig('h2', {
        interfaces: [port('e', ['10.2.0.2/24', '2001:db8:2::2/64'], { mtu: farMtu })],
        routes: [route('0.0.0.0/0', '10.2.0.1'), route('::/0', '2001:db8:2::1')],
      }),
    ],
    [
      ['h1:e', 'r:left'],
      ['r:right', 'h2:e'],
    ],
  );
}

export type Side = 'alice' | 'bob';

/** What stands behind each gateway of `gatewayNet`. */
export const LANS = { alice: '10.0.0.0/24', bob: '10.0.1.0/24' } as const;

/**
 * a1 – alice = internet = bob – b1, IPv4: gateways without tunnel interfaces, each with one SPD for both of its links. The SAs
 * belong to the policies called `net`.
 */
export function gatewayNet(policies: (side: Side) => readonly PolicyConfig[], { isKeyed = true } = {}): Net {
  const [toBob, fromAlice] = saPair(TO_BOB, '1.2.3.4', '5.6.7.8', ['net', 'net']);
  const [toAlice, fromBob] = saPair(TO_ALICE, '5.6.7.8', '1.2.3.4', ['net', 'net']);
  const gateway = (name: Side, wan: string, lan: string, next: string) =>
    nodeConfig(name, {
      forwarding: true,
      interfaces: [port('net0', [wan]), port('net1', [lan])],
      routes: [route('0.0.0.0/0', next)],
      policies: policies(name),
      sas: !isKeyed ? [] : name === 'alice' ? [toBob, fromBob] : [toAlice, fromAlice],
    });
  return createNet(
    [
      nodeConfig('a1', { interfaces: [port('eth0', ['10.0.0.2/24'])], routes: [route('0.0.0.0/0', '10.0.0.1')] }),
      gateway('alice', '1.2.3.4/24', '10.0.0.1/24', '1.2.3.1'),
      nodeConfig('internet', {
        forwarding: true,
        interfaces: [port('alice', ['1.2.3.1/24']), port('bob', ['5.6.7.1/24'])],
      }),
      gateway('bob', '5.6.7.8/24', '10.0.1.1/24', '5.6.7.1'),
      nodeConfig('b1', { interfaces: [port('eth0', ['10.0.1.2/24'])], routes: [route('0.0.0.0/0', '10.0.1.1')] }),
    ],
    SITE_WIRES,
  );
}
