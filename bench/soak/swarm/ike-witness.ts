import type { IkeDaemon, IkeDatagram, IkeEffects } from '../../../engine/ike/daemon.ts';
import { decodeIkeMessage } from '../../../engine/wire/ike/codec.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { describe } from './ike-line.ts';
import type { Journal } from './journal.ts';

/**
 * Stands between a daemon and its node, and looks at each message: what is sent again is the same to the bit (RFC 7296 §2.1), no
 * IV is used twice under one key, nobody answers what was not asked (§1), Message IDs follow each other and stay in the window
 * (§2.2, §2.3).
 */
export function witnessed(daemon: IkeDaemon, name: string, windowMax: number, journal: Journal): IkeDaemon {
  const witness = new IkeWitness(name, windowMax, journal);
  const seen = (effects: IkeEffects): IkeEffects => {
    for (const datagram of effects.datagrams) witness.sent(datagram);
    return effects;
  };
  return {
    receive: (datagrams, now) => {
      for (const datagram of datagrams) witness.received(datagram);
      return seen(daemon.receive(datagrams, now));
    },
    wake: now => seen(daemon.wake(now)),
    wakeAt: () => daemon.wakeAt(),
    command: (command, now) => seen(daemon.command(command, now)),
    status: now => daemon.status(now),
  };
}

/** The requests of one IKE SA that this end has sent. */
interface Asked {
  highest: number;
  readonly unanswered: Set<number>;
}

class IkeWitness {
  readonly #name: string;
  readonly #windowMax: number;
  readonly #journal: Journal;
  /** By message, and by fragment of it. */
  readonly #sent = new Map<string, string>();
  /** By key and IV. */
  readonly #ivs = new Map<string, string>();
  /** Requests that have come. */
  readonly #questions = new Set<string>();
  readonly #asked = new Map<string, Asked>();

  constructor(name: string, windowMax: number, journal: Journal) {
    this.#name = name;
    this.#windowMax = windowMax;
    this.#journal = journal;
  }

  received({ octets }: IkeDatagram): void {
    const message = read(octets);
    if (message === null) return;
    const { initiatorSpi, responderSpi, messageId, isResponse } = message;
    this.#journal.note(`${this.#name} gets ${describe(message)}`);
    if (!isResponse) {
      this.#questions.add(`${initiatorSpi} ${responderSpi} ${messageId}`);
      return;
    }
    // A new attempt of the same request may follow this: cookies, another group (§2.6, §1.2).
    if (isFirst(message)) this.#sent.delete(`${initiatorSpi} first`);
    this.#asked.get(initiatorSpi + responderSpi)?.unanswered.delete(messageId);
  }

  sent({ octets }: IkeDatagram): void {
    const message = read(octets);
    if (message === null) {
      this.#journal.find(`${this.#name} sends what is no IKE message`);
      return;
    }
    const { initiatorSpi, responderSpi, messageId, isResponse } = message;
    const what = `${this.#name}: ${describe(message)}`;
    if (isResponse) {
      const asked = [`${initiatorSpi} ${responderSpi} ${messageId}`, `${initiatorSpi} ${NONE} ${messageId}`];
      if (!asked.some(key => this.#questions.has(key))) this.#journal.find(`${what} answers what was not asked`);
    } else if (!isFirst(message)) this.#take(message, what);
    this.#compare(message, octets, what);
  }

  #take({ initiatorSpi, responderSpi, messageId }: IkeMessage, what: string): void {
    const sa = initiatorSpi + responderSpi;
    const asked = this.#asked.get(sa) ?? { highest: messageId - 1, unanswered: new Set<number>() };
    this.#asked.set(sa, asked);
    if (messageId <= asked.highest) return;
    if (messageId !== asked.highest + 1) this.#journal.find(`${what} after ${asked.highest}`);
    if (asked.highest < 0 && messageId > 1) this.#journal.find(`${what} is the first one`);
    asked.highest = messageId;
    asked.unanswered.add(messageId);
    const oldest = Math.min(...asked.unanswered);
    if (messageId - oldest >= this.#windowMax) this.#journal.find(`${what} while ${oldest} waits for its answer`);
  }

  #compare(message: IkeMessage, octets: Uint8Array, what: string): void {
    const { initiatorSpi, responderSpi, messageId, isResponse } = message;
    const text = Buffer.from(octets).toString('latin1');
    const last = message.payloads.at(-1);
    if (isMadeAnew(message)) return;
    const piece = last?.type === 'SKF' ? ` ${last.fragmentNumber} of ${last.totalFragments}` : '';
    const place =
      isFirst(message) && !isResponse
        ? `${initiatorSpi} first`
        : `${initiatorSpi} ${responderSpi} ${messageId} ${isResponse}${piece}`;
    this.#same(this.#sent, place, text, `${what} is sent again in other octets`);
    if (last?.type !== 'SK' && last?.type !== 'SKF') return;
    const iv = `${initiatorSpi} ${responderSpi} ${Buffer.from(last.body.subarray(0, 8)).toString('hex')}`;
    this.#same(this.#ivs, iv, text, `${what} has the IV of another message`);
  }

  #same(known: Map<string, string>, key: string, text: string, finding: string): void {
    const before = known.get(key);
    if (before === undefined) {
      known.set(key, text);
    } else if (before !== text) this.#journal.find(finding);
  }
}

const NONE = '0000000000000000';

const isFirst = ({ exchangeType }: IkeMessage): boolean =>
  exchangeType === ExchangeType.IKE_SA_INIT || exchangeType === ExchangeType.IKE_SESSION_RESUME;

/** What a stranger is told in the clear: nothing is kept of him. */
function isMadeAnew(message: IkeMessage): boolean {
  const { payloads, isResponse } = message;
  if (isFirst(message)) return isResponse && !payloads.some(({ type }) => type === 'NONCE');
  const last = payloads.at(-1);
  return last?.type !== 'SK' && last?.type !== 'SKF';
}

function read(octets: Uint8Array): IkeMessage | null {
  try {
    return decodeIkeMessage(octets);
  } catch {
    return null;
  }
}
