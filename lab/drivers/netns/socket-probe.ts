import { familyOf, tcpServerIn, tcpSocketIn, udpSocketIn } from '../../../engine/host/namespace-socket.ts';
import type { Probe, ProbeResult } from '../driver.ts';
import { kernelNamespace, namespaceFile } from './names.ts';

type SocketProbe = Extract<Probe, { readonly with: 'udp' | 'tcp' }>;

/** A payload there and back through real sockets; from a listener that was there already, whatever it answers. */
export async function socketProbe(probe: SocketProbe): Promise<ProbeResult> {
  const opened: { close(): void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ProbeResult>(resolve => {
    timer = setTimeout(() => resolve({ kind: 'timeout' }), probe.timeoutMs);
  });
  try {
    return await Promise.race([late, probe.with === 'udp' ? udpProbe(probe, opened) : tcpProbe(probe, opened)]);
  } catch (error) {
    return refusal(error);
  } finally {
    clearTimeout(timer);
    for (const one of opened.reverse()) one.close();
  }
}

async function udpProbe(probe: SocketProbe, opened: { close(): void }[]): Promise<ProbeResult> {
  const { from, to, port } = probe;
  const family = familyOf(to);
  const echoes = listens(probe, (netns, address) => {
    const echo = udpSocketIn(netns, family, { address, port });
    opened.push(echo);
    echo.on('message', (message, sender) => echo.send(message, sender.port, sender.address));
    echo.on('error', () => undefined);
  });
  const socket = udpSocketIn(home(from), family, null);
  opened.push(socket);
  const payload = payloadOf(probe.sizeOctets);
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

async function tcpProbe(probe: SocketProbe, opened: { close(): void }[]): Promise<ProbeResult> {
  const { from, to, port } = probe;
  const echoes = listens(probe, (netns, address) => {
    const server = tcpServerIn(netns, address, port, peer => {
      opened.push({ close: () => peer.destroy() });
      peer.on('error', () => undefined);
      peer.pipe(peer);
    });
    server.on('error', () => undefined);
    opened.push(server);
  });
  const socket = tcpSocketIn(home(from), to, port);
  opened.push({ close: () => socket.destroy() });
  const payload = payloadOf(Math.max(1, probe.sizeOctets));
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

/** Starts the echo service that the probe wants; false: none, or somebody listens there already and is left to answer. */
function listens({ to, toNode }: SocketProbe, listen: (netns: string, address: string) => void): boolean {
  if (toNode === null) return false;
  try {
    listen(home(toNode), to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
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

function refusal(error: unknown): ProbeResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { kind: 'refused', why: WORDS[code] ?? (error instanceof Error ? error.message : String(error)), mtu: null };
}
