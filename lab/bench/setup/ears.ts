import { openPacketTap, type TappedPacket } from '../../../engine/host/packet-tap.ts';
import { namespaceFile, wireNamespace } from '../../drivers/netns/names.ts';
import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB, WAN_INTERFACE } from '../live/sites.ts';
import type { IkeWatch } from './ike-watch.ts';

/** Listens at one interface of a node to what comes in, stamped by the kernel. */
export interface Ear {
  /** Hands over what the kernel still holds. */
  flush(): void;
  close(): void;
}

/** `onPacket` is called from the event loop, and by `flush`. */
export function openEar(
  ground: Pick<BenchGround, 'lab'>,
  name: string,
  device: string,
  onPacket: (packet: TappedPacket) => void,
): Ear {
  const node = ground.lab.topology.nodes.find(one => one.name === name);
  if (node === undefined) throw new Error(`there is no node ${name}`);
  const tap = openPacketTap({ interface: device, netns: namespaceFile(wireNamespace(node)) });
  const flush = (): void => {
    for (let some = true; some; ) {
      const packets: TappedPacket[] = [];
      some = tap.receive(packets);
      for (const packet of packets) onPacket(packet);
    }
  };
  tap.watch(flush);
  return { flush, close: () => tap.close() };
}

/** At both ends of the WAN: what each end sends is heard where it arrives. */
export const openEars = (ground: Pick<BenchGround, 'lab'>, watch: IkeWatch): readonly Ear[] =>
  [ALICE, BOB].map(({ gateway }) => openEar(ground, gateway, WAN_INTERFACE, packet => watch.see(packet)));
