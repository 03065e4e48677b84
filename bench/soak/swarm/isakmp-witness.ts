import type { IkeDaemon, IkeDatagram, IkeEffects } from '../../../engine/ike/daemon.ts';
import { decodeIsakmpMessage } from '../../../engine/wire/isakmp/codec.ts';
import { type IsakmpMessage, NO_COOKIE } from '../../../engine/wire/isakmp/message.ts';
import { IsakmpExchange } from '../../../engine/wire/isakmp/registry.ts';
import type { Journal } from './journal.ts';

/**
 * Stands between a daemon of IKEv1 and its node, and looks at each message: an exchange has no more messages than it has, so that
 * what is sent again is the same to the bit (RFC 2408 §5.1); phase 2 is encrypted, in whole blocks, in an ISAKMP SA with both
 * cookies; nobody answers in an exchange of phase 2 that was not begun.
 */
export function witnessedV1(daemon: IkeDaemon, name: string, journal: Journal): IkeDaemon {
  const witness = new IsakmpWitness(name, journal);
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

/** Messages that one end has in one exchange, at most. */
const MESSAGES_MAX: Readonly<Record<number, number>> = {
  [IsakmpExchange.IDENTITY_PROTECTION]: 3,
  [IsakmpExchange.AGGRESSIVE]: 2,
  [IsakmpExchange.INFORMATIONAL]: 1,
  [IsakmpExchange.TRANSACTION]: 1,
  [IsakmpExchange.QUICK_MODE]: 2,
};
const NAMES = new Map(Object.entries(IsakmpExchange).map(([name, value]) => [value as number, name]));

class IsakmpWitness {
  readonly #name: string;
  readonly #journal: Journal;
  /** What this end has said, by exchange, and by the number of a piece: each message once. */
  readonly #said = new Map<string, Set<string>>();

  constructor(name: string, journal: Journal) {
    this.#name = name;
    this.#journal = journal;
  }

  received({ octets }: IkeDatagram): void {
    const message = read(octets);
    if (message !== null) this.#journal.note(`${this.#name} gets ${describe(message)}`);
  }

  sent({ octets }: IkeDatagram): void {
    const message = read(octets);
    if (message === null) {
      this.#journal.find(`${this.#name} sends what is no message of IKEv1`);
      return;
    }
    const what = `${this.#name}: ${describe(message)}`;
    this.#journal.note(`${this.#name} sends ${describe(message)}`);
    this.#look(message, what);
    this.#count(message, Buffer.from(octets).toString('latin1'), what);
  }

  #look(message: IsakmpMessage, what: string): void {
    const isPiece = message.payloads[0]?.type === 'FRAG';
    const isPhaseTwo = message.messageId !== 0;
    if (isPhaseTwo && message.responderCookie === NO_COOKIE) this.#journal.find(`${what} before there is an ISAKMP SA`);
    if (message.body !== null && (message.body.length === 0 || message.body.length % 8 !== 0))
      this.#journal.find(`${what} is not of whole blocks`);
    const mayBeClear = isPiece || message.exchangeType === IsakmpExchange.INFORMATIONAL;
    if (isPhaseTwo && message.body === null && !mayBeClear) this.#journal.find(`${what} in the clear`);
  }

  /** A second message where one is allowed is one that was to be the same, or that nobody has asked for. */
  #count(message: IsakmpMessage, text: string, what: string): void {
    const { initiatorCookie, responderCookie, messageId, exchangeType } = message;
    const [first] = message.payloads;
    const piece = first?.type === 'FRAG' ? first.number : 0;
    const key = `${initiatorCookie} ${responderCookie} ${exchangeType} ${messageId} ${piece}`;
    const said = this.#said.get(key) ?? new Set<string>();
    this.#said.set(key, said);
    said.add(text);
    // What a stranger is told in the clear has no place of its own.
    if (messageId === 0 && exchangeType === IsakmpExchange.INFORMATIONAL) return;
    if (said.size > (MESSAGES_MAX[exchangeType] ?? 0))
      this.#journal.find(`${what} is sent again in other octets, or is one too many`);
  }
}

/** `QUICK_MODE 8a3f09c1 of 0a1b2c_i 3d4e5f_r`. */
function describe({
  exchangeType,
  messageId,
  initiatorCookie,
  responderCookie,
  payloads,
  body,
}: IsakmpMessage): string {
  const id = messageId === 0 ? '' : ` ${messageId.toString(16)}`;
  const sa = `${initiatorCookie.slice(0, 6)}_i ${responderCookie.slice(0, 6)}_r`;
  const inside = body === null ? ` {${payloads.map(({ type }) => type).join(', ')}}` : ` (${body.length} octets)`;
  return `${NAMES.get(exchangeType) ?? exchangeType}${id} of ${sa}${inside}`;
}

function read(octets: Uint8Array): IsakmpMessage | null {
  try {
    return decodeIsakmpMessage(octets);
  } catch {
    return null;
  }
}
