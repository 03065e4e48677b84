import { closeSync, openSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { decodeLine } from '../capture/decode-line.ts';
import { PcapngStream } from '../capture/pcapng-file.ts';
import { badInput, errorCode } from '../state/failure.ts';
import type { Opener } from './fresh-keys.ts';
import type { CommentedPacket } from './packet-stream.ts';
import { standardOutput } from './standard.ts';
import type { Terminal } from './terminal.ts';

/** Where captured packets go. */
export interface CaptureSink {
  packet(packet: CommentedPacket): Promise<void>;
  close(): void;
}

/** A decoded line a packet, and below it what is inside of ESP and IKE where there is an opener. */
export function lineSink(terminal: Terminal, opener: Opener | null): CaptureSink {
  return {
    packet: async packet => {
      for (const comment of packet.comments) terminal.data(`# ${comment}`);
      terminal.data(decodeLine(packet));
      for (const inside of await openingsOf(packet, opener)) terminal.data(`    ${inside}`);
    },
    close: () => undefined,
  };
}

/** One JSON a line. `at` is in nanoseconds since the Unix epoch, a string: it is beyond what a double holds. */
export function jsonSink(terminal: Terminal, opener: Opener | null): CaptureSink {
  return {
    packet: async packet => {
      const inside = await openingsOf(packet, opener);
      terminal.data(
        JSON.stringify({
          at: String(packet.at),
          link: packet.link,
          from: packet.from,
          decoded: decodeLine(packet).replace(/^\S+ \S*\s+/, ''),
          ...(opener === null ? {} : { inside }),
          octets: Buffer.from(packet.octets).toString('hex'),
        }),
      );
    },
    close: () => undefined,
  };
}

/** pcapng; with an opener each packet of ESP or IKE carries a comment with what is inside. */
export function pcapngSink(file: string, opener: Opener | null): CaptureSink {
  const stream = new PcapngStream();
  const output = file === '-' ? openStandardOutput() : openFile(file);
  let begun = output.write(stream.start());
  return {
    packet: async packet => {
      await begun;
      const inside = await openingsOf(packet, opener);
      begun = output.write(stream.packet(packet, [...packet.comments, ...inside]));
      await begun;
    },
    close: () => output.close(),
  };
}

interface Output {
  write(octets: Uint8Array): Promise<void>;
  close(): void;
}

function openStandardOutput(): Output {
  const stream = standardOutput();
  return {
    write: async octets => {
      if (!stream.write(octets)) await once(stream, 'drain');
    },
    close: () => undefined,
  };
}

function openFile(file: string): Output {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'w');
  } catch (error) {
    throw badInput(`cannot write ${file}: ${errorCode(error) ?? 'unknown error'}`, 'give a file that you may write');
  }
  return {
    write: async octets => {
      for (let at = 0; at < octets.length; ) at += writeSync(descriptor, octets, at);
    },
    close: () => closeSync(descriptor),
  };
}

const openingsOf = async (packet: CommentedPacket, opener: Opener | null): Promise<readonly string[]> =>
  opener === null ? [] : opener(packet);
