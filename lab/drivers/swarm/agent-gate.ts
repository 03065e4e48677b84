import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type Server as TlsServer } from 'node:tls';

/**
 * The way to the Docker daemon of another machine, over the lab's overlay network: an agent, a task there, passes on to its daemon what
 * comes by TLS from whoever has the key of the run (RFC 5489: both ends prove that they have it), and a gate here is a socket as a daemon
 * has one.
 */
export const AGENT_PORT = 4790;

const TLS = { ciphers: 'ECDHE-PSK-CHACHA20-POLY1305', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const IDENTITY = 'ipsec-lab';
const CONNECTIONS_MAX = 512;
const HANDSHAKE_MS = 10_000;
/** Whoever is gone without a word is noticed, and with it goes what it held. */
const KEEP_ALIVE_MS = 10_000;

/** Listens until it is closed. `socket` is the daemon's. */
export function openAgent(port: number, key: Uint8Array, socket: string): TlsServer {
  const pskCallback = (_: unknown, identity: string): Uint8Array | null => (identity === IDENTITY ? key : null);
  const options = { ...TLS, allowHalfOpen: true, handshakeTimeout: HANDSHAKE_MS, pskCallback };
  const server = createTlsServer(options, peer => {
    peer.setKeepAlive(true, KEEP_ALIVE_MS);
    join(peer, connect({ path: socket, allowHalfOpen: true }));
  });
  server.maxConnections = CONNECTIONS_MAX;
  // Whoever has no key, or goes away, is nobody.
  server.on('tlsClientError', () => undefined);
  return server.listen(port);
}

/** Resolves when it listens at `path`; connections come to nothing as long as no agent answers. */
export function openGate(path: string, host: string, port: number, key: Uint8Array): Promise<Server> {
  rmSync(path, { force: true });
  const pskCallback = (): { psk: Uint8Array; identity: string } => ({ psk: key, identity: IDENTITY });
  const server = createServer({ allowHalfOpen: true }, near => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.on('error', () => near.destroy());
    const far = connectTls({ ...TLS, socket, pskCallback, checkServerIdentity }, () => join(near, far));
    far.on('error', () => near.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

/** Nobody's certificate is shown: the key says who it is. */
const checkServerIdentity = (): undefined => undefined;

/** The end of one direction is that of this direction only: a program's input may end long before its output. */
function join(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    // One that has come to its end by itself leaves the other to send what it still has.
    socket.on('error', () => peer.destroy());
  }
}
