/** The program of the generator that sends, on one node: told trials over its message channel, and ends with it. */
import { openLiveTimer } from '../../../engine/host/live-timer.ts';
import { type NativeDevice, requireAddon, SendWords } from '../../../engine/native/addon.ts';
import { createProbe, PROBE_TIME_AT, stampProbe } from '../probe.ts';
import { familyOf } from '../../../engine/host/namespace-socket.ts';
import { monotonicNow, takePrecedence } from './instrument.ts';
import { type FromSender, RECEIVER_PORT, SENDER_PORT, type SendOrder } from './messages.ts';
import { Pace } from './pace.ts';
import { headerOctets } from './sizes.ts';

/** Packets of one call of the addon, which stamps each with the time before its own system call. */
const BATCH_PACKETS = 64;
const FINISHED = new Uint32Array(BATCH_PACKETS * SendWords.COUNT);

/** Packets of one trial: a ring of probes, in which sizes come in turn. */
class Stream {
  readonly pace: Pace;
  readonly #ring: readonly Uint8Array[];

  constructor(order: SendOrder, trial: number, pace: Pace) {
    this.pace = pace;
    const { packetOctets } = order;
    const headers = headerOctets(familyOf(order.destination));
    const turns = Math.ceil(BATCH_PACKETS / packetOctets.length);
    this.#ring = Array.from({ length: turns }, () => packetOctets)
      .flat()
      .map(octets => createProbe(octets - headers, trial));
  }

  /** Sends what is due, as far as the kernel takes it. */
  send(device: NativeDevice): void {
    for (;;) {
      const now = monotonicNow();
      const due = this.pace.due(now);
      if (due === 0) return;
      const first = this.pace.sent;
      const place = first % this.#ring.length;
      const batch = this.#ring.slice(place, place + Math.min(due, BATCH_PACKETS));
      for (const [index, payload] of batch.entries()) stampProbe(payload, first + index, now);
      const left = device.send(batch, FINISHED);
      this.pace.left(left);
      if (left < batch.length) return;
    }
  }
}

const timer = openLiveTimer(() => goOn());
let goOn = (): void => undefined;

function start(order: SendOrder): void {
  const { source, destination, rate } = order;
  const device = requireAddon().openDatagrams({
    type: 'udp',
    family: familyOf(destination),
    localAddress: source,
    localPort: SENDER_PORT,
    remoteAddress: destination,
    remotePort: RECEIVER_PORT,
    stampAt: PROBE_TIME_AT,
  });
  const warmUp = new Stream(order, order.warmUpTrial, new Pace(monotonicNow(), rate, order.warmUpPackets));
  goOn = () => {
    warmUp.send(device);
    if (!warmUp.pace.isOver) return wakeAt(warmUp.pace);
    measure(order, device, Math.max(warmUp.pace.endsAt, monotonicNow()));
  };
  goOn();
}

function measure(order: SendOrder, device: NativeDevice, beganAt: number): void {
  const refusedBefore = device.statistics().refused;
  const stream = new Stream(order, order.trial, new Pace(beganAt, order.rate, order.packets));
  const { pace } = stream;
  goOn = () => {
    stream.send(device);
    if (!pace.isOver) return wakeAt(pace);
    const { refused } = device.statistics();
    device.close();
    goOn = () => undefined;
    const endedAt = Math.max(pace.endsAt, monotonicNow());
    tell({
      kind: 'sent',
      packets: pace.sent,
      beganAt,
      endedAt,
      burstPackets: pace.burstPackets,
      refused: refused - refusedBefore,
    });
  };
  goOn();
}

const wakeAt = (pace: Pace): void => timer.arm(Math.max(0, pace.wakeAt - monotonicNow()));

const tell = (message: FromSender): void => void process.send?.(message);

takePrecedence();
process.on('message', (order: SendOrder) => start(order));
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
