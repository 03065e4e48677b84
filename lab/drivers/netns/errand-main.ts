/**
 * What a supervisor does in namespaces by sockets of its own, as a program: for nodes that are on another machine. Its argument is an
 * `Errand` in JSON, its answer a line of JSON; an echo service stays until its input ends.
 */
import { openFrameSender } from '../../../engine/host/frame-sender.ts';
import type { ProbeResult } from '../driver.ts';
import { namespaceFile } from './names.ts';
import { askSocket, type SocketProbe, startEcho } from './socket-probe.ts';

export type Errand =
  | { readonly kind: 'echo'; readonly probe: SocketProbe }
  | { readonly kind: 'ask'; readonly probe: SocketProbe; readonly echoes: boolean }
  /** `octets` in base64: a frame that leaves by this device. */
  | { readonly kind: 'inject'; readonly netns: string; readonly device: string; readonly octets: string };

export interface ErrandAnswers {
  /** Whether the echo service is its own. */
  readonly echo: boolean;
  readonly ask: ProbeResult;
  readonly inject: null;
}

async function run(errand: Errand): Promise<ErrandAnswers[Errand['kind']]> {
  switch (errand.kind) {
    case 'echo': {
      const echo = startEcho(errand.probe);
      if (echo !== null) process.stdin.resume().once('end', () => echo.close());
      return echo !== null;
    }
    case 'ask':
      return askSocket(errand.probe, errand.echoes);
    case 'inject': {
      const sender = openFrameSender({ interface: errand.device, netns: namespaceFile(errand.netns) });
      sender.send(Buffer.from(errand.octets, 'base64'));
      sender.close();
      return null;
    }
  }
}

process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.argv[2] ?? '') as Errand))}\n`);
