import type { NodeStatus } from '../../../../engine/node/node.ts';
import type { Process, Program } from './process.ts';

const USAGE = 'Usage: ip [ -4 | -6 ] { addr | route | link } [ show ]';

/** What iproute2 shows of addresses and routes, and no more: the simulator's nodes are configured by their topology. */
// oxlint-disable-next-line require-yield -- it does not wait
export function* ip(process: Process): Program {
  const args = process.argv.slice(1);
  const family = args.includes('-6') ? 6 : args.includes('-4') ? 4 : null;
  const [object = '', action = 'show', ...rest] = args.filter(arg => arg !== '-4' && arg !== '-6');
  const isShow = 'show'.startsWith(action) && rest.length === 0 && action !== '';
  const status = process.host.status();
  if (object !== '' && isShow && ('address'.startsWith(object) || 'link'.startsWith(object))) {
    for (const line of interfaceLines(status, family, 'address'.startsWith(object))) process.print(line);
    return 0;
  }
  if (object !== '' && isShow && 'route'.startsWith(object)) {
    for (const line of routeLines(status, family ?? 4)) process.print(line);
    return 0;
  }
  process.complain(USAGE);
  return object === '' ? 255 : 1;
}

function interfaceLines(status: NodeStatus, family: 4 | 6 | null, withAddresses: boolean): string[] {
  return status.interfaces.flatMap(({ name, kind, up, mtu, addresses }, index) => {
    const flags =
      kind === 'ethernet'
        ? up
          ? 'BROADCAST,MULTICAST,UP,LOWER_UP'
          : 'NO-CARRIER,BROADCAST,MULTICAST,UP'
        : 'POINTOPOINT,UP,LOWER_UP';
    const shown = withAddresses
      ? addresses.filter(text => family === null || (family === 6) === text.includes(':'))
      : [];
    return [
      `${index + 1}: ${name}: <${flags}> mtu ${mtu} state ${up ? 'UP' : 'DOWN'}`,
      ...shown.map(
        text =>
          `    ${text.includes(':') ? 'inet6' : 'inet'} ${text} scope ${text.startsWith('fe80:') ? 'link' : 'global'}`,
      ),
    ];
  });
}

function routeLines(status: NodeStatus, family: 4 | 6): string[] {
  return status.routes
    .filter(({ destination }) => (family === 6) === destination.includes(':'))
    .map(({ destination, via, interface: device }) => {
      const target = destination === '0.0.0.0/0' || destination === '::/0' ? 'default' : destination;
      return `${target}${via === null ? '' : ` via ${via}`} dev ${device}`;
    });
}
