import type { CapturedPacket } from './packet.ts';
import { LinkType } from './pcap-parser/capture-item.ts';
import { concatenate, encodeInterface, encodePacket, encodeSectionHeader } from './pcap-parser/pcapng-writer.ts';
import { readCapture } from './pcap-parser/read-capture.ts';

const FROM = 'from ';

/**
 * Lab packets as a pcapng stream: write `start()`, then what each `packet()` returns. Each end of a link is an interface
 * of the file, named as its link and described by its sender, so that Wireshark shows who sent what; it is declared before
 * its first packet. Equal packets make equal octets.
 */
export class PcapngStream {
  readonly #interfaces = new Map<string, number>();

  start(): Uint8Array {
    return encodeSectionHeader('ipsec-lab');
  }

  packet(packet: CapturedPacket, comments: readonly string[] = []): Uint8Array {
    const end = `${packet.link} ${packet.from}`;
    const known = this.#interfaces.get(end);
    const interfaceId = known ?? this.#interfaces.size;
    const block = encodePacket({ interfaceId, at: packet.at, octets: packet.octets, comments });
    if (known !== undefined) return block;
    this.#interfaces.set(end, interfaceId);
    const declared = { linkType: LinkType.ETHERNET, snapLength: 0, name: packet.link, description: FROM + packet.from };
    return concatenate([encodeInterface(declared), block]);
  }
}

/** A whole file; `comments` by position in `packets`. */
export function writePcapng(
  packets: readonly CapturedPacket[],
  comments: ReadonlyMap<number, string> = new Map(),
): Uint8Array {
  const stream = new PcapngStream();
  const commentsOf = (index: number): string[] => {
    const comment = comments.get(index);
    return comment === undefined ? [] : [comment];
  };
  return concatenate([stream.start(), ...packets.map((packet, i) => stream.packet(packet, commentsOf(i)))]);
}

export interface LabCapture {
  readonly packets: readonly (CapturedPacket & { readonly comments: readonly string[] })[];
  /** One sentence each; empty for a file without fault. */
  readonly problems: readonly string[];
}

/** Reads any capture of Ethernet frames. In files from elsewhere the link is the interface's name, and the sender is unknown (empty). */
export function readLabCapture(octets: Uint8Array): LabCapture {
  const file = readCapture(octets);
  const packets = file.packets.filter(packet => packet.interface.linkType === LinkType.ETHERNET);
  const others = file.packets.length - packets.length;
  return {
    packets: packets.map(packet => ({
      link: packet.interface.name ?? '',
      from: packet.interface.description?.startsWith(FROM) ? packet.interface.description.slice(FROM.length) : '',
      at: packet.at ?? 0n,
      octets: packet.octets,
      comments: packet.comments,
    })),
    problems: [
      ...file.problems.map(problem => `octet ${problem.offset}: ${problem.why}`),
      ...(others > 0 ? [`${others} packets that are not Ethernet frames were left out`] : []),
    ],
  };
}
