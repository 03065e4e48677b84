import type { IkeCipher } from '../../engine/crypto/ike-cipher.ts';
import { keyExchangeNumbered } from '../../engine/crypto/key-exchange-table.ts';
import type { Prf } from '../../engine/crypto/prf.ts';
import { prfPlus, skeyseedKey } from '../../engine/crypto/prf-table.ts';
import type { IkeDatagram } from '../../engine/ike/daemon.ts';
import { decodeIkeMessage, decodePayloads } from '../../engine/wire/ike/codec.ts';
import { coveredOf } from '../../engine/wire/ike/encrypted.ts';
import { ikeSpiOctets } from '../../engine/wire/ike/header.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { KePayload, Payload, ProposalSubstructure } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, ProtocolId } from '../../engine/wire/ike/registry.ts';
import type { PairEnd } from '../ike-pair.ts';
import { type ChosenSuite, chosenSuite, cipherOf, hex, solveKeyExchange } from './key-reader.ts';
import type { SeededDraws } from './seeded-draws.ts';
import type { TranscribedChildSa, TranscribedIkeSa, TranscribedKeyExchange, TranscribedMessage } from './transcript.ts';

/**
 * Reads along: from the messages and what both ends have drawn it derives all keys by the formulas of RFC 7296, without asking
 * the daemons, and opens what is encrypted. Throws when a message cannot be opened: then one of the two is wrong.
 */
export interface Transcriber {
  sent(from: PairEnd, datagram: IkeDatagram): void;
  result(): {
    readonly ikeSas: readonly TranscribedIkeSa[];
    readonly childSas: readonly TranscribedChildSa[];
    readonly messages: readonly TranscribedMessage[];
  };
}

interface KnownIkeSa {
  keys: TranscribedIkeSa;
  readonly cipher: IkeCipher;
  readonly prf: Prf;
  readonly suite: ChosenSuite;
  additionalDone: number;
  readonly requests: Map<string, readonly Payload[]>;
  readonly fragments: Map<string, { readonly first: number; readonly pieces: Uint8Array[] }>;
}

interface Exchange {
  readonly type: number;
  readonly begunBy: PairEnd;
  readonly request: readonly Payload[];
  readonly response: readonly Payload[];
}

export function createTranscriber(draws: Readonly<Record<PairEnd, SeededDraws>>): Transcriber {
  return new WireReader(draws);
}

class WireReader implements Transcriber {
  readonly #draws: Readonly<Record<PairEnd, SeededDraws>>;
  readonly #known = new Map<string, KnownIkeSa>();
  /** The last IKE_SA_INIT request of each initiator's SPI. */
  readonly #initial = new Map<string, readonly Payload[]>();
  readonly #ikeSas: TranscribedIkeSa[] = [];
  readonly #childSas: TranscribedChildSa[] = [];
  readonly #messages: TranscribedMessage[] = [];

  constructor(draws: Readonly<Record<PairEnd, SeededDraws>>) {
    this.#draws = draws;
  }

  result() {
    return { ikeSas: this.#ikeSas, childSas: this.#childSas, messages: this.#messages };
  }

  sent(from: PairEnd, { localPort, remotePort, octets }: IkeDatagram): void {
    const message = decodeIkeMessage(octets);
    const opened = this.#open(from, message, octets);
    this.#messages.push({
      from,
      sourcePort: localPort,
      destinationPort: remotePort,
      exchange: exchangeName(message.exchangeType),
      messageId: message.messageId,
      isResponse: message.isResponse,
      payloads: [...message.payloads, ...(opened?.payloads ?? [])].map(({ type }) => type).join(' '),
      octets: hex(octets),
      inside: opened === null ? null : hex(opened.inside),
    });
  }

  /** Also concludes exchanges. */
  #open(from: PairEnd, message: IkeMessage, octets: Uint8Array) {
    const last = message.payloads.at(-1);
    if (last?.type !== 'SK' && last?.type !== 'SKF') {
      this.#clear(from, message);
      return null;
    }
    const sa = this.#known.get(spisOf(message));
    if (sa === undefined) throw new Error(`a message of an IKE SA that nobody made: ${spisOf(message)}`);
    const { skEi, skEr, skAi, skAr } = sa.keys;
    const [encryption, integrity] = (message.isInitiator ? [skEi, skAi] : [skEr, skAr]).map(unhex);
    if (encryption === undefined || integrity === undefined) throw new Error('no keys');
    const plaintext = sa.cipher.open({ encryption, integrity }, coveredOf(octets, message), last.body);
    if (plaintext === null) throw new Error(`${exchangeName(message.exchangeType)} ${message.messageId} does not open`);
    const inside = plaintext.subarray(0, plaintext.length - 1 - (plaintext.at(-1) ?? 0));
    const whole =
      last.type === 'SK' ? { first: last.firstPayload, octets: inside } : gathered(sa, from, message, inside);
    if (whole === null) return { payloads: [], inside };
    const payloads = decodePayloads(whole.first, whole.octets);
    this.#protected(sa, from, message, payloads);
    return { payloads, inside };
  }

  #clear(from: PairEnd, { exchangeType, initiatorSpi, responderSpi, isResponse, payloads }: IkeMessage): void {
    if (exchangeType !== ExchangeType.IKE_SA_INIT) return;
    if (!isResponse) {
      this.#initial.set(initiatorSpi, payloads);
      return;
    }
    const request = this.#initial.get(initiatorSpi);
    const proposal = proposalOf(payloads);
    if (proposal === null || request === undefined) return; // a cookie, or INVALID_KE_PAYLOAD
    const suite = chosenSuite(proposal);
    const keyExchange = this.#solve({ type: exchangeType, begunBy: other(from), request, response: payloads });
    if (keyExchange === null || suite.prf === null) throw new Error('IKE_SA_INIT without KE or PRF');
    const [ni, nr] = [nonceOf(request), nonceOf(payloads)];
    const skeyseed = suite.prf.compute(skeyseedKey(suite.prf, ni, nr), unhex(keyExchange.secret));
    this.#derive('IKE_SA_INIT', { initiatorSpi, responderSpi }, suite, suite.prf, { ni, nr, keyExchange, skeyseed });
  }

  #protected(sa: KnownIkeSa, from: PairEnd, message: IkeMessage, payloads: readonly Payload[]): void {
    const { exchangeType, messageId, isResponse } = message;
    if (!isResponse) {
      sa.requests.set(`${from} ${messageId}`, payloads);
      return;
    }
    const request = sa.requests.get(`${other(from)} ${messageId}`);
    if (request === undefined) throw new Error(`a response ${messageId} to nothing`);
    const exchange = { type: exchangeType, begunBy: other(from), request, response: payloads };
    if (exchangeType === ExchangeType.IKE_INTERMEDIATE) this.#intermediate(sa, exchange);
    else if (exchangeType === ExchangeType.IKE_AUTH)
      this.#child(sa, exchange, unhex(sa.keys.initiatorNonce), unhex(sa.keys.responderNonce));
    else if (exchangeType === ExchangeType.CREATE_CHILD_SA) this.#create(sa, exchange);
  }

  /** RFC 9370 §2.2.2: SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr). */
  #intermediate(sa: KnownIkeSa, exchange: Exchange): void {
    const keyExchange = this.#solve(exchange);
    if (keyExchange === null) return;
    const { initiatorNonce, responderNonce, skD, initiatorSpi, responderSpi } = sa.keys;
    const [ni, nr] = [unhex(initiatorNonce), unhex(responderNonce)];
    const skeyseed = sa.prf.compute(unhex(skD), Buffer.concat([unhex(keyExchange.secret), ni, nr]));
    this.#derive('IKE_INTERMEDIATE', { initiatorSpi, responderSpi }, sa.suite, sa.prf, {
      ni,
      nr,
      keyExchange,
      skeyseed,
    });
  }

  #create(sa: KnownIkeSa, exchange: Exchange): void {
    const proposal = proposalOf(exchange.response);
    if (proposal === null) return; // refused
    const [ni, nr] = [nonceOf(exchange.request), nonceOf(exchange.response)];
    if (proposal.protocolId !== ProtocolId.IKE) return this.#child(sa, exchange, ni, nr);
    const suite = chosenSuite(proposal);
    const keyExchange = this.#solve(exchange);
    if (keyExchange === null || suite.prf === null) throw new Error('an IKE SA without KE or PRF');
    // §2.18: with the PRF of the old IKE SA.
    const skeyseed = sa.prf.compute(unhex(sa.keys.skD), Buffer.concat([unhex(keyExchange.secret), ni, nr]));
    const { spi: initiatorSpi } = offeredFor(proposal, exchange.request);
    const spis = { initiatorSpi: hex(initiatorSpi), responderSpi: hex(proposal.spi) };
    this.#derive('CREATE_CHILD_SA', spis, suite, suite.prf, { ni, nr, keyExchange, skeyseed });
  }

  /** RFC 7296 §2.17: KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr). */
  #child(sa: KnownIkeSa, exchange: Exchange, ni: Uint8Array, nr: Uint8Array): void {
    const proposal = proposalOf(exchange.response);
    if (proposal === null) return;
    const suite = chosenSuite(proposal);
    const keyExchange = this.#solve(exchange);
    const seed = Buffer.concat([keyExchange === null ? NOTHING : unhex(keyExchange.secret), ni, nr]);
    const { encryptionKeyOctets, integrityKeyOctets } = suite;
    const keymat = prfPlus(sa.prf, unhex(sa.keys.skD), seed, 2 * (encryptionKeyOctets + integrityKeyOctets));
    const take = cutter(keymat);
    this.#childSas.push({
      madeBy: exchangeName(exchange.type),
      begunBy: exchange.begunBy,
      initiatorSpi: hex(offeredFor(proposal, exchange.request).spi),
      responderSpi: hex(proposal.spi),
      suite: suite.integrity === null ? suite.encryption : `${suite.encryption}-${suite.integrity}`,
      keyExchange,
      initiatorEncryption: take(encryptionKeyOctets),
      initiatorIntegrity: take(integrityKeyOctets),
      responderEncryption: take(encryptionKeyOctets),
      responderIntegrity: take(integrityKeyOctets),
    });
  }

  /** RFC 7296 §2.14. */
  #derive(
    madeBy: string,
    spis: Pick<TranscribedIkeSa, 'initiatorSpi' | 'responderSpi'>,
    suite: ChosenSuite,
    prf: Prf,
    from: {
      readonly ni: Uint8Array;
      readonly nr: Uint8Array;
      readonly keyExchange: TranscribedKeyExchange;
      readonly skeyseed: Uint8Array;
    },
  ): void {
    const { ni, nr, keyExchange, skeyseed } = from;
    const seed = Buffer.concat([ni, nr, ikeSpiOctets(spis.initiatorSpi), ikeSpiOctets(spis.responderSpi)]);
    const { encryptionKeyOctets, integrityKeyOctets } = suite;
    const octets = 3 * prf.keyOctets + 2 * (encryptionKeyOctets + integrityKeyOctets);
    const take = cutter(prfPlus(prf, skeyseed, seed, octets));
    const keys: TranscribedIkeSa = {
      madeBy,
      ...spis,
      encryption: suite.encryption,
      integrity: suite.integrity,
      prf: prf.token,
      initiatorNonce: hex(ni),
      responderNonce: hex(nr),
      keyExchange,
      skeyseed: hex(skeyseed),
      skD: take(prf.keyOctets),
      skAi: take(integrityKeyOctets),
      skAr: take(integrityKeyOctets),
      skEi: take(encryptionKeyOctets),
      skEr: take(encryptionKeyOctets),
      skPi: take(prf.keyOctets),
      skPr: take(prf.keyOctets),
    };
    this.#ikeSas.push(keys);
    const known = this.#known.get(spisOf(spis));
    if (known !== undefined) known.keys = keys;
    else {
      const maps = { requests: new Map(), fragments: new Map() };
      this.#known.set(spisOf(spis), { keys, cipher: cipherOf(suite), prf, suite, additionalDone: 0, ...maps });
    }
  }

  /** null: the exchange has none. */
  #solve({ begunBy, request, response }: Exchange): TranscribedKeyExchange | null {
    const [ours, theirs] = [keOf(request), keOf(response)];
    if (ours === null || theirs === null) return null;
    const method = keyExchangeNumbered(theirs.group);
    if (method === null) throw new Error(`no key exchange ${theirs.group}`);
    return solveKeyExchange(
      method,
      { data: ours.data, draws: this.#draws[begunBy] },
      { data: theirs.data, draws: this.#draws[other(begunBy)] },
    );
  }
}

/** RFC 7383: the payloads with the last fragment. */
function gathered(sa: KnownIkeSa, from: PairEnd, message: IkeMessage, inside: Uint8Array) {
  const last = message.payloads.at(-1);
  if (last?.type !== 'SKF') throw new Error('no fragment');
  const key = `${from} ${message.messageId} ${String(message.isResponse)}`;
  const set = sa.fragments.get(key) ?? { first: last.firstPayload, pieces: [] };
  sa.fragments.set(key, set);
  set.pieces.push(inside.slice());
  return set.pieces.length === last.totalFragments ? { first: set.first, octets: Buffer.concat(set.pieces) } : null;
}

const NOTHING = new Uint8Array();

/** The one that was chosen: of a response. */
function proposalOf(payloads: readonly Payload[]): ProposalSubstructure | null {
  return proposalsOf(payloads)[0] ?? null;
}

/** The one of a request that it answers. */
function offeredFor(chosen: ProposalSubstructure, request: readonly Payload[]): ProposalSubstructure {
  const offered = proposalsOf(request).find(({ number }) => number === chosen.number);
  if (offered === undefined) throw new Error(`proposal ${chosen.number} was not offered`);
  return offered;
}

function proposalsOf(payloads: readonly Payload[]): readonly ProposalSubstructure[] {
  const sa = payloads.find(({ type }) => type === 'SA');
  return sa?.type === 'SA' ? sa.proposals : [];
}

function keOf(payloads: readonly Payload[]): KePayload | null {
  const ke = payloads.find(({ type }) => type === 'KE');
  return ke?.type === 'KE' ? ke : null;
}

function nonceOf(payloads: readonly Payload[]): Uint8Array {
  const nonce = payloads.find(({ type }) => type === 'NONCE');
  if (nonce?.type !== 'NONCE') throw new Error('no nonce');
  return nonce.data;
}

function exchangeName(exchangeType: number): string {
  return Object.entries(ExchangeType).find(([, value]) => value === exchangeType)?.[0] ?? String(exchangeType);
}

function cutter(octets: Uint8Array): (count: number) => string {
  let at = 0;
  return count => hex(octets.subarray(at, (at += count)));
}

const spisOf = ({ initiatorSpi, responderSpi }: Pick<IkeMessage, 'initiatorSpi' | 'responderSpi'>): string =>
  `${initiatorSpi} ${responderSpi}`;
const other = (end: PairEnd): PairEnd => (end === 'initiator' ? 'responder' : 'initiator');
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
