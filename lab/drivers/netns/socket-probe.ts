import { familyOf, tcpServerIn, tcpSocketIn, udpSocketIn } from '../../../engine/host/namespace-socket.ts';
import type { Probe, ProbeResult } from '../driver.ts';
import { kernelNamespace, namespaceFile } from './names.ts';

export type SocketProbe = Extract<Probe, { readonly with: 'udp' | 'tcp' }>;

export interface Echo {
  close(): void;
}

/** A payload there and back through real sockets; from a listener that was there already, whatever it answers. */
export async function socketProbe(probe: SocketProbe): Promise<ProbeResult> {
  let echo: Echo | null = null;
  try {
    echo = startEcho(probe);
    return await askSocket(probe, echo !== null);
  } catch (error) {
    return refusal(error);
  } finally {
    echo?.close();
  }
}

/** Starts the echo service that the probe wants on its node; null: none, or somebody listens there already and is left to answer. */
export function startEcho(probe: SocketProbe): Echo | null {
  const { to, toNode } = probe;
  if (toNode === null) return null;
  try {
    return probe.with === 'udp' ? udpEcho(home(toNode), to, probe.port) : tcpEcho(home(toNode), to, probe.port);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null;
    throw error;
  }
}

function udpEcho(netns: string, address: string, port: number): Echo {
  const echo = udpSocketIn(netns, familyOf(address), { address, port });
  echo.on('message', (message, sender) => echo.send(message, sender.port, sender.address));
  echo.on('error', () => undefined);
  return { close: () => echo.close() };
}

function tcpEcho(netns: string, address: string, port: number): Echo {
  const peers = new Set<{ destroy(): void }>();
  const server = tcpServerIn(netns, address, port, peer => {
    peers.add(peer);
    peer.on('error', () => undefined);
    peer.pipe(peer);
  });
  server.on('error', () => undefined);
  return {
    close: () => {
      for (const peer of peers) peer.destroy();
      server.close();
    },
  };
}

/** Sends the payload from the probe's node. `echoes`: what answers is an echo service. */
export async function askSocket(probe: SocketProbe, echoes: boolean): Promise<ProbeResult> {
  const opened: Echo[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ProbeResult>(resolve => {
    timer = setTimeout(() => resolve({ kind: 'timeout' }), probe.timeoutMs);
  });
  try {
    const asked = probe.with === 'udp' ? askUdp(probe, echoes, opened) : askTcp(probe, echoes, opened);
    return await Promise.race([late, asked]);
  } catch (error) {
    return refusal(error);
  } finally {
    clearTimeout(timer);
    for (const one of opened) one.close();
  }
}

function askUdp({ from, to, port, sizeOctets }: SocketProbe, echoes: boolean, opened: Echo[]): Promise<ProbeResult> {
  const socket = udpSocketIn(home(from), familyOf(to), null);
  opened.push(socket);
  const payload = payloadOf(sizeOctets);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    // Connected, it hears of ICMP errors.
    socket.connect(port, to, () => {
      const sentAt = performance.now();
      socket.on('message', message => {
        if (!echoes || message.equals(payload)) resolve({ kind: 'answered', rttMs: performance.now() - sentAt });
      });
      socket.send(payload);
    });
  });
}

function askTcp({ from, to, port, sizeOctets }: SocketProbe, echoes: boolean, opened: Echo[]): Promise<ProbeResult> {
  const socket = tcpSocketIn(home(from), to, port);
  opened.push({ close: () => socket.destroy() });
  const payload = payloadOf(Math.max(1, sizeOctets));
  const sentAt = performance.now();
  return new Promise((resolve, reject) => {
    const answered = () => resolve({ kind: 'answered', rttMs: performance.now() - sentAt });
    socket.on('error', reject);
    let heard = Buffer.alloc(0);
    socket.on('data', chunk => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length < payload.length) return;
      if (heard.equals(payload)) answered();
      else reject(new Error('the echo differs from what was sent'));
    });
    // A stranger need not echo: it is enough that it took the payload.
    socket.write(payload, error => {
      if (!error && !echoes) answered();
    });
    socket.on('end', () => reject(new Error('connection closed before the echo was complete')));
  });
}

const home = (node: string): string => namespaceFile(kernelNamespace(node));

/** Octets that differ, so that no shifted or repeated piece passes for the whole. */
function payloadOf(octets: number): Buffer {
  const payload = Buffer.alloc(octets);
  for (let i = 0; i < octets; i++) payload[i] = (i * 7 + (i >> 8)) & 0xff;
  return payload;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EACCES: 'administratively prohibited',
  EMSGSIZE: 'too big',
};

/** What a probe that ended by this error comes to. */
export function refusal(error: unknown): ProbeResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { kind: 'refused', why: WORDS[code] ?? (error instanceof Error ? error.message : String(error)), mtu: null };
}
