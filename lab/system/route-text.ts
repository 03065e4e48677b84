import type { RouteSetting } from './settings.ts';

/** The words of a route as `route` prints them: `net 10.0.1.0/24: gateway 10.0.1.1`. */
export function routeText({
  destination,
  gateway,
  interface: out,
}: Pick<RouteSetting, 'destination' | 'gateway' | 'interface'>): string {
  const [address = '', length = ''] = destination.split('/');
  const isHost = length === (address.includes(':') ? '128' : '32');
  const what = length === '0' ? 'net default' : isHost ? `host ${address}` : `net ${destination}`;
  return `${what}: gateway ${gateway ?? out ?? ''}`;
}
