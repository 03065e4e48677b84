/** The program of the generator that receives, on one node: told trials over its message channel, and ends with it. */
import { familyOf } from '../../../engine/host/namespace-socket.ts';
import { type NativeDevice, ReceiveWords, requireAddon } from '../../../engine/native/addon.ts';
import { openLiveTimer } from '../../../engine/host/live-timer.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../../../engine/wire/instant.ts';
import { monotonicNow, takePrecedence } from './instrument.ts';
import { type FromReceiver, RECEIVER_PORT, type ToReceiver } from './messages.ts';
import { Reception } from './reception.ts';
import { headerOctets } from './sizes.ts';

/** How often it looks. The kernel stamps what arrives, so nobody has to be woken for each packet, which costs more than the packet. */
const LOOK_NS = NS_PER_MS;
/** What comes later than this was in a queue of seconds. */
const WAIT_NS_MAX = 10 * NS_PER_S;

const addon = requireAddon();
const arena = new Uint8Array(addon.slotOctets * addon.batchFrames);
const words = new Uint32Array(ReceiveWords.COUNT * addon.batchFrames);
const timer = openLiveTimer(look);

let socket: { readonly address: string; readonly device: NativeDevice } | null = null;
let expected: Expected | null = null;

/** A trial that is counted. */
interface Expected {
  readonly reception: Reception;
  readonly device: NativeDevice;
  /** What the socket had dropped before anything of this trial was read: of its warm-up, say. */
  dropsBefore: number;
  /** null: the sender has not ended. */
  finish: Finish | null;
  heardAt: Instant;
}

interface Finish {
  readonly sent: number;
  readonly silenceNs: number;
  readonly at: Instant;
}

function expect({ address, trial, packetsMax }: Extract<ToReceiver, { kind: 'expect' }>): void {
  const device = listenAt(address);
  readAll(device, () => undefined); // what an earlier trial has left
  expected = {
    reception: new Reception(trial, packetsMax, headerOctets(familyOf(address))),
    device,
    dropsBefore: device.statistics().kernelDrops,
    finish: null,
    heardAt: 0,
  };
  timer.arm(LOOK_NS);
  tell({ kind: 'listening' });
}

/** The socket stays open between trials: what comes late is not answered by ICMP. */
function listenAt(address: string): NativeDevice {
  if (socket?.address === address) return socket.device;
  socket?.device.close();
  const device = addon.openDatagrams({
    type: 'udp',
    family: familyOf(address),
    localAddress: address,
    localPort: RECEIVER_PORT,
  });
  socket = { address, device };
  return device;
}

function look(): void {
  if (expected === null) return;
  const { reception, device, finish } = expected;
  const now = monotonicNow();
  const drops = device.statistics().kernelDrops;
  if (readAll(device, (payload, at) => reception.take(payload, at))) expected.heardAt = now;
  if (reception.received === 0) expected.dropsBefore = drops;
  if (finish !== null && isOver(reception, finish, expected.heardAt, now)) {
    tell(reception.result(finish.sent, device.statistics().kernelDrops - expected.dropsBefore));
    expected = null;
    return;
  }
  timer.arm(LOOK_NS);
}

/** Packets of other trials count as noise too: the way is not clear before they are through. */
function isOver(reception: Reception, { sent, silenceNs, at }: Finish, heardAt: Instant, now: Instant): boolean {
  if (reception.received >= sent) return true;
  return now - Math.max(heardAt, at) > silenceNs || now - at > WAIT_NS_MAX;
}

/** False: there was nothing. */
function readAll(device: NativeDevice, take: (payload: Uint8Array, at: Instant) => void): boolean {
  let some = false;
  for (;;) {
    const count = device.receive(arena, words);
    for (let i = 0; i < count; i++) {
      const at = i * ReceiveWords.COUNT;
      const offset = words[at + ReceiveWords.OFFSET] ?? 0;
      const arrivedAt =
        (words[at + ReceiveWords.SECONDS] ?? 0) * NS_PER_S + (words[at + ReceiveWords.NANOSECONDS] ?? 0);
      take(arena.subarray(offset, offset + (words[at + ReceiveWords.LENGTH] ?? 0)), arrivedAt);
    }
    some ||= count > 0;
    if (count < addon.batchFrames) return some;
  }
}

const tell = (message: FromReceiver): void => void process.send?.(message);

takePrecedence();
process.on('message', (message: ToReceiver) => {
  if (message.kind === 'expect') expect(message);
  else if (expected !== null) {
    const { sent, silenceSeconds } = message;
    expected.finish = { sent, silenceNs: silenceSeconds * NS_PER_S, at: monotonicNow() };
  }
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
