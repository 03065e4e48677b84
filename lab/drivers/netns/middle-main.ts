/** A process that carries impaired links of a lab, where the kernel does not: those that it is told of first, all at once. */
import { confine } from '../../../engine/host/confine.ts';
import { LiveClock } from '../../../engine/host/clock.ts';
import { openLiveTimer } from '../../../engine/host/live-timer.ts';
import { openPacketPort } from '../../../engine/host/packet-port.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { FramePort } from '../../../engine/host/port.ts';
import type { Direction } from '../link/link-model.ts';
import { EventQueue } from '../sim/event-queue.ts';
import type { FromMiddle, MiddleLinkOrder, ToMiddle } from './middle-messages.ts';
import { type Departure, MiddleLink } from './middle-link.ts';

const clock = new LiveClock();
const random = createSystemRandom();
const underWay = new EventQueue<Departure>();
const links: MiddleLink[] = [];
const timer = openLiveTimer(deliver);

function start(orders: readonly MiddleLinkOrder[]): void {
  for (const { link, interfaces } of orders) {
    const [one, other] = interfaces.map(name => openPacketPort({ name, offload: false }));
    if (one === undefined || other === undefined) throw new Error(`link ${link.name} has one end`);
    const carried = new MiddleLink(link, [one, other], random);
    carried.watch(direction => arrive(carried, direction));
    links.push(carried);
  }
  confine([]);
  const ready: FromMiddle = { kind: 'ready' };
  process.send?.(ready);
}

function forget(name: string): void {
  for (const link of links.filter(each => each.name === name)) {
    link.close();
    links.splice(links.indexOf(link), 1);
  }
}

function arrive(link: MiddleLink, direction: Direction): void {
  for (const departure of link.carry(direction, clock.now())) underWay.push(departure.at, departure);
  deliver();
}

/** Sends what is due, a batch for each port, and asks to be woken for the next. */
function deliver(): void {
  const now = clock.now();
  const due = new Map<FramePort, Uint8Array[]>();
  for (let next = underWay.nextAt; next !== null && next <= now; next = underWay.nextAt) {
    const departure = underWay.pop()?.value;
    if (departure === undefined || departure.plugging !== departure.link.plugging) continue;
    const waiting = due.get(departure.port);
    if (waiting === undefined) due.set(departure.port, [departure.octets]);
    else waiting.push(departure.octets);
  }
  for (const [port, octets] of due) port.send(octets.map(each => ({ port: port.name, octets: each, offload: null })));
  const next = underWay.nextAt;
  timer.arm(next === null ? null : next - clock.now());
}

process.on('message', (message: ToMiddle) => {
  if (message.kind === 'start') start(message.links);
  else if (message.kind === 'fault') for (const link of links) link.apply(message.fault);
  else forget(message.link);
});
process.on('disconnect', () => process.exit(0));
