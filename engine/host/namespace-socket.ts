import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, Socket as TcpSocket } from 'node:net';
import { requireAddon } from '../native/addon.ts';
import { addressVersion, parseAddress } from '../wire/address.ts';

/** Sockets of Node whose home is another network namespace. Addresses are text, and never looked up. */

/** A UDP socket; bound to `local` where given. */
export function udpSocketIn(
  netns: string,
  family: 4 | 6,
  local: { readonly address: string; readonly port: number } | null,
): UdpSocket {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  const bound = local === null ? {} : { localAddress: local.address, localPort: local.port };
  socket.bind({ fd: requireAddon().openSocket({ type: 'udp', family, netns, ...bound }) });
  return socket;
}

export function tcpServerIn(
  netns: string,
  address: string,
  port: number,
  onConnection: (socket: TcpSocket) => void,
): Server {
  const fd = requireAddon().openSocket({
    type: 'tcp',
    family: familyOf(address),
    netns,
    localAddress: address,
    localPort: port,
    backlog: 16,
  });
  return createServer(onConnection).listen({ fd });
}

/** A TCP socket that is connecting: whether it will shows when it is used. */
export function tcpSocketIn(netns: string, address: string, port: number): TcpSocket {
  const fd = requireAddon().openSocket({
    type: 'tcp',
    family: familyOf(address),
    netns,
    remoteAddress: address,
    remotePort: port,
  });
  return new TcpSocket({ fd, readable: true, writable: true });
}

export function familyOf(address: string): 4 | 6 {
  const parsed = parseAddress(address);
  if (parsed === null) throw new Error(`not an address: ${address}`);
  return addressVersion(parsed);
}
