import type { ServerResponse } from 'node:http';
import type { CapturedPacket } from '../capture/packet.ts';
import { PcapngStream } from '../capture/pcapng-file.ts';
import { badInput } from '../state/failure.ts';
import type { LiveLab } from './live-lab.ts';

/** Octets that may wait for a client that reads slower than the link sends. */
const WAITING_OCTETS_MAX = 32 << 20;

/**
 * Packets as pcapng, as they come, until the client goes. `link`: one link, all without it; `history=0`: not what was
 * seen before; `follow=0`: nothing else. Packets left out for a slow client are told of in a comment on the next one.
 */
export function streamCapture(lab: LiveLab, query: URLSearchParams, response: ServerResponse): void {
  const link = query.get('link');
  if (link !== null && !lab.running.topology.links.some(known => known.name === link)) {
    throw badInput(`the lab has no link "${link}"`, 'lab status lists them');
  }
  const stream = new PcapngStream();
  let lost = 0;
  const write = (packet: CapturedPacket): void => {
    if (response.writableLength > WAITING_OCTETS_MAX) {
      lost += 1;
      return;
    }
    const comments = lost === 0 ? [] : [`${lost} packets before this one were left out: the reader is too slow`];
    lost = 0;
    response.write(stream.packet(packet, comments));
  };
  response.writeHead(200, { 'content-type': 'application/x-pcapng' });
  response.write(stream.start());
  const history = query.get('history') !== '0';
  if (query.get('follow') === '0') {
    for (const packet of history ? lab.recorder.history(link) : []) response.write(stream.packet(packet));
    response.end();
    return;
  }
  const unsubscribe = lab.recorder.subscribe({ link, from: history ? 'start' : 'live' }, write);
  response.on('close', unsubscribe);
}
