import type { ConnectionConfig } from '../../engine/ike/config.ts';
import type { IkeSaStatus } from '../../engine/ike/status.ts';
import { readableTime } from '../../engine/wire/der-time.ts';
import { configsOf, racoonConfig } from './racoon-service.ts';
import type { System, SystemView } from './system.ts';

const COOKIES_AND_MORE = 'Cookies                           ST S  V E Created             Phase2';
const HEADERS = [
  'Destination            Cookies                           Created',
  `Destination            ${COOKIES_AND_MORE}`,
  `${'Source'.padEnd(45)} ${'Destination'.padEnd(45)} ${COOKIES_AND_MORE}`,
] as const;

/** What `racoonctl show-sa isakmp` prints; `verbosity`: how often `-l` was said. */
export function isakmpTable(sas: readonly IkeSaStatus[], verbosity: number, unixSeconds: number): string {
  const form = Math.min(verbosity, 2);
  const rows = sas.map(sa => {
    const ends =
      form === 2 ? `${place(sa.local).padEnd(45)} ${place(sa.remote).padEnd(45)}` : place(sa.remote).padEnd(22);
    const side = sa.role === 'initiator' ? 'I' : 'R';
    const mode = sa.extensions.includes('aggressive') ? 'A' : 'M';
    const more = form === 0 ? '' : `${String(STATES[sa.state]).padStart(2)} ${side} 10 ${mode} `;
    const children = form === 0 ? '' : String(sa.children.length).padStart(7);
    return `${ends} ${sa.initiatorSpi}:${sa.responderSpi} ${more}${momentText(unixSeconds - sa.ageSeconds)}${children}`;
  });
  return [HEADERS[form], ...rows].map(line => `${line}\n`).join('');
}

/** As racoon counts the states of phase 1: 9 is established, 10 expired. */
const STATES: Readonly<Record<IkeSaStatus['state'], number>> = {
  connecting: 5,
  established: 9,
  rekeying: 9,
  rekeyed: 10,
  deleting: 10,
};

/** `10.0.0.1.500` of `10.0.0.1:500`. */
const place = (text: string): string => `${hostOf(text)}.${text.slice(text.lastIndexOf(':') + 1)}`;

/** `192.0.2.1` of `192.0.2.1:500`, `2001:db8::1` of `[2001:db8::1]:500`. */
export const hostOf = (text: string): string => text.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

/** `2014-06-02 15:37:52`, UTC. */
const momentText = (seconds: number): string => readableTime(Math.floor(seconds)).slice(0, 19);

/** What racoon has of that peer by the files that it has read. */
export function connectionsTo(
  { loaded, ...system }: System,
  view: SystemView,
  peer: string,
): readonly ConnectionConfig[] {
  const { racoon } = loaded;
  const found = racoon === null ? null : racoonConfig({ loaded, ...system }, racoon, configsOf(view));
  return (found?.config.connections ?? []).filter(({ remote }) => remote[0] === peer);
}
