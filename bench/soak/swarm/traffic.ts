import type { Address } from '../../../engine/wire/address.ts';
import { parseAddress } from '../../../engine/wire/address.ts';
import { type Instant, NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { Machine } from '../../../lab/drivers/sim/machine.ts';
import type { UdpSocket } from '../../../lab/drivers/sim/host/udp-sockets.ts';
import { innerAddress, portOf } from './configs.ts';
import { MARK } from './esp-witness.ts';
import type { Journal } from './journal.ts';
import type { ChildPlan, Scenario } from './scenario.ts';

const PATIENCE_NS = 200 * NS_PER_MS;
const SENT_KEPT = 8;

/** One direction of a child's traffic: numbered datagrams, each of which arrives once at most. */
export class Flow {
  readonly name: string;
  readonly child: ChildPlan;
  readonly from: number;
  readonly to: number;
  readonly #source: Address;
  readonly #destination: Address;
  readonly #journal: Journal;
  #sent = 0;
  /** Of the last ones, when they were sent. */
  #sentAt: Instant[] = [];
  readonly #arrived = new Set<number>();
  #socket: UdpSocket | null = null;

  constructor(scenario: Scenario, child: ChildPlan, from: number, to: number, journal: Journal) {
    this.name = `${child.name} from g${from}`;
    this.child = child;
    this.from = from;
    this.to = to;
    this.#source = addressOf(innerAddress(scenario, from, child));
    this.#destination = addressOf(innerAddress(scenario, to, child));
    this.#journal = journal;
  }

  get sent(): number {
    return this.#sent;
  }

  get arrived(): number {
    return this.#arrived.size;
  }

  /** Whether the last one that has had its time, and was sent since then, has arrived. */
  isPassing(now: Instant, since: Instant): boolean {
    const back = this.#sentAt.toReversed().findIndex(at => at <= now - PATIENCE_NS && at >= since);
    return back >= 0 && this.#arrived.has(this.#sent - 1 - back);
  }

  /** Which of those from number `first` on have not arrived. */
  missing(first: number, end: number): number[] {
    const numbers = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
    return numbers.filter(number => !this.#arrived.has(number));
  }

  /** The sender's machine has booted: `back` is the flow the other way, whose datagrams come to the same socket. */
  open(machine: Machine, back: Flow): void {
    const socket = machine.stack.udp.bind(portOf(this.child), () => back.#drain(socket));
    if (socket === null) throw new Error(`port ${portOf(this.child)} is taken`);
    this.#socket = socket;
  }

  close(): void {
    this.#socket = null;
  }

  /** Nothing happens while the sender is down. */
  send(machine: Machine, now: Instant): void {
    if (this.#socket === null) return;
    const number = this.#sent++;
    this.#sentAt = [...this.#sentAt.slice(-SENT_KEPT), now];
    const payload = Buffer.concat([MARK, Buffer.from(`${this.name} ${number}`)]);
    const to = { address: this.#destination, port: portOf(this.child) };
    this.#socket.sendTo(to, payload, { source: this.#source });
    machine.resume();
  }

  #drain(socket: UdpSocket | null): void {
    for (let got = socket?.datagrams.take() ?? null; got !== null; got = socket?.datagrams.take() ?? null) {
      const text = Buffer.from(got.payload).subarray(MARK.length).toString();
      const number = Number(text.split(' ').at(-1));
      if (text !== `${this.name} ${number}` || number >= this.#sent) {
        this.#journal.find(`${this.name}: ${JSON.stringify(text)} arrives, which nobody has sent`);
      } else if (this.#arrived.has(number)) this.#journal.find(`${this.name}: number ${number} arrives twice`);
      this.#arrived.add(number);
    }
  }
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}
