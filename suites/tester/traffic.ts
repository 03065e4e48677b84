import { frameBetween, type UdpOrder, udpPacket } from './frames.ts';
import type { Scene } from './scene.ts';

/** The hosts of topologies/site-to-site-manual.yaml, by family. */
export const A1 = { 4: '10.0.0.2', 6: '2001:470:24:c66::2' } as const;
export const B1 = { 4: '10.0.1.2', 6: '2001:470:24:c67::2' } as const;

export type UdpTraits = Omit<UdpOrder, 'source' | 'destination' | 'payload'>;

/** Datagrams from a1 to b1, as if a1 had sent them: they reach alice on her LAN and must cross the tunnel. */
export async function a1ToB1(
  scene: Scene,
  order: {
    readonly payloads: readonly Uint8Array[];
    readonly families?: readonly (4 | 6)[];
    readonly traits?: UdpTraits;
  },
): Promise<void> {
  const frames = (order.families ?? [4]).flatMap(family =>
    order.payloads.map(payload => {
      const packet = udpPacket({ source: A1[family], destination: B1[family], payload, ...order.traits });
      return frameBetween(scene.topology, 'a1:eth0', 'alice:net1', packet);
    }),
  );
  await scene.send('lan-a', 'alice:net1', frames);
}

/** The same from b1: what alice receives on wan was sealed by bob, who is not under test. */
export async function b1ToA1(scene: Scene, payloads: readonly Uint8Array[]): Promise<void> {
  const frames = payloads.map(payload =>
    frameBetween(scene.topology, 'b1:eth0', 'bob:net1', udpPacket({ source: B1[4], destination: A1[4], payload })),
  );
  await scene.send('lan-b', 'bob:net1', frames);
}

/** Sends a packet to alice on wan as `internet` would. */
export async function onWan(scene: Scene, packets: readonly Uint8Array[]): Promise<void> {
  const frames = packets.map(packet => frameBetween(scene.topology, 'internet:alice', 'alice:net0', packet));
  await scene.send('wan', 'alice:net0', frames);
}
