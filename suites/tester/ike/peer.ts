import { createHash } from 'node:crypto';
import { encodeIkeMessage } from '../../../engine/wire/ike/codec.ts';
import type { FragmentPlace } from '../../../engine/wire/ike/encrypted.ts';
import type { IkeHeader, IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { ALICE, type Bench, PEER } from '../bench.ts';
import { Inconclusive, needAlgorithms } from '../judgement.ts';
import { IKE_PORT, type IkeFromAlice, ikeFromAlice, ikePacket, NAT_T_PORT } from './ike-on-bench.ts';
import type { IkeKeys } from './key-schedule.ts';
import { inside, type Opened, openIke, type SealingTraits, sealIke, sealPart } from './protection.ts';
import { type IkeSuite, ikeSuite } from './suite.ts';

/** What the peer is, and knows. */
export interface PeerTraits {
  /** Makes its secrets and SPIs others than those of another peer in the same clause. */
  readonly label: string;
  readonly address: string;
  readonly suite: string;
}

/** A message of alice's as the peer reads it. */
export interface Heard extends IkeFromAlice {
  readonly opened: Opened;
  /** All that could be read: in the clear, or inside of SK. Empty where nothing could. */
  readonly payloads: readonly Payload[];
}

/** What becomes of a message on its way out. */
export interface Alteration {
  /** Before it is sealed: header and payloads, also those that go inside of SK. */
  readonly message?: (message: IkeMessage) => IkeMessage;
  /** Each datagram's message, sealed. */
  readonly octets?: (octets: Uint8Array) => Uint8Array;
  readonly sealing?: Omit<Partial<SealingTraits>, 'serial'>;
}

export interface Exchange extends Alteration {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  /** The next one unless it is given. */
  readonly messageId?: number;
}

/** How long, in lab time, a peer waits for what alice has to say by herself. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 250;
const LIVE_PATIENCE_MS = 1_500;

function isWholeResponse({ ike, opened }: Heard): boolean {
  return ike?.isResponse === true && opened.kind !== 'piece';
}

/**
 * An IKE peer of alice's on the bench, made without a line of the engine's IKE: one IKE SA at a time, every message in the
 * hands of the clause. initiate.ts, respond.ts and rekey.ts play the exchanges on it.
 */
export class TesterPeer {
  readonly bench: Bench;
  readonly traits: PeerTraits;
  suite: IkeSuite;
  initiatorSpi: string;
  responderSpi: string = NO_SPI;
  /** Whether the peer is the original initiator of the IKE SA. */
  isInitiator = true;
  keys: IkeKeys | null = null;
  /** Of the peer's next request. */
  nextRequest = 0;
  /** Both ends: 500, or 4500 from the time that they float. */
  port: number = IKE_PORT;
  /** What a NAT before the peer makes of its own port; null: there is none, or it keeps it. */
  natPort: number | null = null;
  #serial = 0;
  #drawn = 0;
  readonly #read = new Map<unknown, Opened>();

  constructor(bench: Bench, traits: Partial<PeerTraits> = {}) {
    this.bench = bench;
    this.traits = { label: 'peer', address: PEER[4], suite: 'aes256gcm16-prfsha256-x25519', ...traits };
    needAlgorithms(bench.subject, this.traits.suite);
    this.suite = ikeSuite(this.traits.suite);
    this.initiatorSpi = this.newSpi();
  }

  get aliceAddress(): string {
    return this.traits.address.includes(':') ? ALICE[6] : ALICE[4];
  }

  /** Octets that nobody else has, the same in each run. */
  draw(octets: number): Uint8Array {
    this.#drawn += 1;
    const seed = `${this.traits.label} ${this.#drawn}`;
    const blocks = Array.from({ length: Math.ceil(octets / 64) }, (_, i) =>
      createHash('sha512').update(`ike tester ${seed} ${i}`).digest(),
    );
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, octets));
  }

  newSpi(): string {
    return Buffer.from(this.draw(8)).toString('hex');
  }

  /** The header of a request of the peer's, or of a response. */
  header(exchangeType: number, messageId: number, isResponse: boolean): IkeHeader {
    return {
      initiatorSpi: this.initiatorSpi,
      responderSpi: this.responderSpi,
      majorVersion: 2,
      minorVersion: 0,
      exchangeType,
      isInitiator: this.isInitiator,
      isResponse,
      higherVersion: false,
      messageId,
    };
  }

  /** Octets to alice from where the peer is; then she gets time to answer. */
  async post(...messages: readonly Uint8Array[]): Promise<void> {
    const path = { source: this.traits.address, from: this.natPort ?? this.port, to: this.port };
    await this.bench.fromOutside(messages.map(message => ikePacket(message, path)));
  }

  /** The octets of a message: in the clear while there are no keys, and in IKE_SA_INIT. */
  encode(message: IkeMessage, alteration: Alteration = {}): Uint8Array[] {
    const altered = alteration.message?.(message) ?? message;
    const { payloads, ...header } = altered;
    const isClear = this.keys === null || header.exchangeType === ExchangeType.IKE_SA_INIT;
    this.#serial += 1;
    const datagrams =
      this.keys === null || isClear
        ? [encodeIkeMessage(altered)]
        : sealIke(this.suite, this.keys, header, payloads, { serial: this.#serial, ...alteration.sealing });
    return datagrams.map(octets => alteration.octets?.(octets) ?? octets);
  }

  /** One fragment that says to have this place, true or not, RFC 7383 §2.5. `first`: the type of the first payload inside. */
  encodeFragment(header: IkeHeader, fragment: FragmentPlace, first: number, octets: Uint8Array): Uint8Array {
    if (this.keys === null) throw new Error('a fragment before there are keys');
    this.#serial += 1;
    return sealPart(this.suite, this.keys, header, { first, octets, fragment }, { serial: this.#serial });
  }

  /** Sends a request and gives alice's response to it, or null where there is none. */
  async ask(order: Exchange): Promise<Heard | null> {
    const { exchange, payloads, messageId = this.nextRequest, ...alteration } = order;
    if (order.messageId === undefined) this.nextRequest += 1;
    const octets = this.encode({ ...this.header(exchange, messageId, false), payloads }, alteration);
    return this.askAgain(octets);
  }

  /** Sends these octets, and gives alice's next response. A live one gets longer: what is slow is not silent. */
  async askAgain(octets: readonly Uint8Array[]): Promise<Heard | null> {
    const before = this.heard().length;
    await this.post(...octets);
    const patience = this.bench.lab.capabilities.has('virtual-time') ? 0 : LIVE_PATIENCE_MS;
    for (let waited = 0; ; waited += LOOK_EVERY_MS) {
      const found = this.heard().slice(before).find(isWholeResponse);
      if (found !== undefined || waited >= patience) return found ?? null;
      await this.bench.lab.sleep(LOOK_EVERY_MS);
    }
  }

  /** Sends a response to a request of alice's; gives the octets, to send them again. */
  async answer(request: Heard, payloads: readonly Payload[], alteration: Alteration = {}): Promise<Uint8Array[]> {
    const { ike } = request;
    if (ike === null) throw new Error('an answer to what is no message');
    const header = this.header(ike.exchangeType, ike.messageId, true);
    const octets = this.encode({ ...header, payloads }, alteration);
    await this.post(...octets);
    return octets;
  }

  /** What alice has sent to the peer so far, in order. */
  heard(): readonly Heard[] {
    const pieces = new Map<string, { readonly first: number; readonly octets: Uint8Array }[]>();
    return ikeFromAlice(this.bench, this.traits.address).map(seen => {
      const opened = this.#assembled(this.#opened(seen), pieces);
      const payloads =
        opened.kind === 'clear' ? opened.message.payloads : opened.kind === 'opened' ? opened.payloads : [];
      return { ...seen, opened, payloads };
    });
  }

  /** Requests of alice's of that type, each as often as it was sent. */
  requests(exchange: number): readonly Heard[] {
    return this.heard().filter(({ ike }) => ike?.isResponse === false && ike.exchangeType === exchange);
  }

  /** Waits for a message; Inconclusive when it does not come. `after`: messages that do not count. */
  async expect(what: string, wanted: (heard: Heard) => boolean, after = 0): Promise<Heard> {
    for (let waited = 0; waited <= PATIENCE_MS; waited += LOOK_EVERY_MS) {
      const found = this.heard().slice(after).find(wanted);
      if (found !== undefined) return found;
      await this.bench.lab.sleep(LOOK_EVERY_MS);
    }
    throw new Inconclusive(`alice sent no ${what}`);
  }

  /** Both go on with port 4500, RFC 7296 §2.23. */
  float(): void {
    this.port = NAT_T_PORT;
  }

  /** What was once read is not read again: by then the keys may be others. */
  #opened(seen: IkeFromAlice): Opened {
    const known = this.#read.get(seen.packet);
    if (known !== undefined) return known;
    const opened = openIke(seen.octets, this.suite, this.keys);
    if (opened.kind !== 'sealed') this.#read.set(seen.packet, opened);
    return opened;
  }

  #assembled(opened: Opened, pieces: Map<string, { readonly first: number; readonly octets: Uint8Array }[]>): Opened {
    if (opened.kind !== 'piece') return opened;
    const { message } = opened;
    const last = message.payloads.at(-1);
    if (last?.type !== 'SKF') return opened;
    const key = [message.exchangeType, message.messageId, message.isResponse, last.totalFragments].join();
    const known = pieces.get(key) ?? [];
    known[last.fragmentNumber - 1] = opened;
    pieces.set(key, known);
    const isWhole = known.filter(piece => piece !== undefined).length === last.totalFragments;
    if (!isWhole) return opened;
    return inside(message, known[0]?.first ?? 0, Buffer.concat(known.map(piece => piece.octets)));
  }
}

const NO_SPI = '0000000000000000';
