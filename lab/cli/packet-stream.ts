import type { CapturedPacket } from '../capture/packet.ts';
import type { CaptureInterface } from '../capture/pcap-parser/capture-item.ts';
import { createCaptureReader } from '../capture/pcap-parser/read-capture.ts';

export type CommentedPacket = CapturedPacket & { readonly comments: readonly string[] };

/** The packets of a lab's pcapng stream, each as soon as it is there. Throws where the stream is not what a lab sends. */
export async function* packetsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<CommentedPacket> {
  const reader = createCaptureReader();
  const ends: CaptureInterface[] = [];
  for await (const chunk of stream) {
    for (const item of reader.push(chunk)) {
      if (item.kind === 'interface') ends.push(item.interface);
      else if (item.kind === 'problem') throw new Error(`the lab's capture: ${item.problem.why}`);
      else if (item.kind === 'packet') {
        const { interfaceId, at, octets, comments } = item.packet;
        const end = ends[interfaceId];
        yield {
          link: end?.name ?? '',
          from: end?.description?.replace(/^from /, '') ?? '',
          at: at ?? 0n,
          octets,
          comments,
        };
      }
    }
  }
}
