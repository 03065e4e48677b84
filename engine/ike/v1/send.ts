import { encodeIsakmpMessage, encodeIsakmpPayloads } from '../../wire/isakmp/codec.ts';
import { cookieOctets } from '../../wire/isakmp/header.ts';
import type { ClearIsakmpMessage, IsakmpHeader } from '../../wire/isakmp/message.ts';
import type { IsakmpNotifyPayload } from '../../wire/isakmp/payload.ts';
import { Doi, IsakmpExchange, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { NS_PER_MS } from '../../wire/instant.ts';
import type { IkeDatagram } from '../daemon.ts';
import { encapsulationOctets } from '../v2/sealing.ts';
import { fragmentOctetsOf } from '../v2/send.ts';
import { type Core, isMessageIdUsed } from './core.ts';
import { cut } from './fragments.ts';
import type { HashForm } from './hash-form.ts';
import type { IsakmpSa, KeyedIsakmpSa } from './isakmp-sa.ts';
import { phase2Iv, prfOf } from './keys.ts';
import type { Conversation, OpenExchange } from './open-exchange.ts';
import { hash1, hash2, hash3 } from './phase2-hash.ts';
import { seal } from './seal.ts';
import { storeSa } from './sa-table.ts';
import { withUsedId } from './used-ids.ts';
import { withVolume } from './volume.ts';
import type { After, Effect } from './step.ts';

type Way = Omit<IkeDatagram, 'octets'>;

/** The header of a message of this end. */
export function headerOf(
  { initiatorCookie, responderCookie }: Pick<IsakmpSa, 'initiatorCookie' | 'responderCookie'>,
  exchangeType: number,
  messageId: number,
): IsakmpHeader {
  return {
    initiatorCookie,
    responderCookie,
    majorVersion: 1,
    minorVersion: 0,
    exchangeType,
    isEncrypted: false,
    isCommit: false,
    isAuthenticationOnly: false,
    messageId,
  };
}

/** A message of phase 1; `heard` is the digest of what it answers. */
export function sendPhaseOne(
  core: Core,
  sa: IsakmpSa,
  effect: Extract<Effect, { kind: 'phase1' }>,
  heard: string | null,
): void {
  const header = headerOf(sa, phaseOneExchange(sa), 0);
  const { payloads, isEncrypted, awaits } = effect;
  const message = core.steps.outgoing({ ...header, isEncrypted, payloads, body: null });
  const prepared = message === null ? NOTHING : prepare(core, sa, message, 'iv' in sa ? sa.iv : null);
  transmit(core, wayOf(sa), prepared.messages);
  const conversation = begun(core, sa, prepared.messages, heard, awaits);
  const sent = sa.sent + prepared.messages.length;
  const next: IsakmpSa = { ...sa, conversation, sent };
  storeSa(core, 'iv' in next && prepared.iv !== null ? { ...next, iv: prepared.iv } : next);
}

/** The last one of phase 1 once more, the same octets. */
export function repeatPhaseOne(core: Core, id: number): void {
  const sa = core.sas.get(id);
  if (sa === undefined) return;
  transmit(core, wayOf(sa), sa.conversation.sent);
  storeSa(core, { ...sa, retransmitted: sa.retransmitted + 1 });
}

export const phaseOneExchange = ({ mode }: Pick<IsakmpSa, 'mode'>): number =>
  mode === 'main' ? IsakmpExchange.IDENTITY_PROTECTION : IsakmpExchange.AGGRESSIVE;

/** A message of phase 2: the first of an exchange of this end, or the next of one that is open. */
export function sendPhaseTwo(core: Core, sa: KeyedIsakmpSa, effect: Extract<Effect, { kind: 'send' }>): void {
  const { messageId, exchangeType, hash, after, isCommit = false } = effect;
  const exchange = sa.kind === 'established' ? sa.exchanges.find(one => one.messageId === messageId) : undefined;
  const header = { ...headerOf(sa, exchangeType, messageId), isCommit };
  const payloads = core.steps.behindHash(effect.payloads, header);
  const data = hashOf(sa, hash, messageId, encodeIsakmpPayloads(payloads).octets);
  const message = core.steps.outgoing({
    ...header,
    isEncrypted: true,
    payloads: [{ type: 'HASH', data }, ...payloads],
    body: null,
  });
  const iv = exchange?.iv ?? phase2Iv(sa.suite, sa.iv, messageId);
  const prepared = message === null ? NOTHING : prepare(core, sa, message, iv);
  transmit(core, wayOf(sa), prepared.messages);
  const counted = { ...sa, sent: sa.sent + prepared.messages.length };
  if (counted.kind !== 'established') return storeSa(core, counted);
  const octets = prepared.messages.reduce((sum, { length }) => sum + length, 0);
  const aged = withVolume(counted, octets, core.now);
  const rest = aged.exchanges.filter(one => one.messageId !== messageId);
  if (after.kind === 'once') return storeSa(core, withUsedId({ ...aged, exchanges: rest }, messageId));
  const heard = exchange?.conversation.heard ?? null;
  const next: OpenExchange = {
    messageId,
    exchangeType,
    role: exchange?.role ?? 'initiator',
    iv: prepared.iv ?? iv,
    conversation: begun(core, sa, prepared.messages, heard, after.kind === 'expect'),
    state: after.state,
    openedAt: exchange?.openedAt ?? core.now,
    dropAt: dropAtOf(core, sa, after),
  };
  storeSa(core, { ...aged, exchanges: [...rest, next] });
}

/** As long as the peer may repeat what was answered. */
function dropAtOf(core: Core, { connection: { retransmission } }: IsakmpSa, after: After): number | null {
  if (after.kind !== 'over') return null;
  const { firstMs, factor, longestMs, sends } = retransmission;
  let totalMs = 0;
  for (let i = 0; i < sends; i++) totalMs += Math.min(firstMs * factor ** i, longestMs);
  return core.now + Math.round(Math.max(totalMs, 1000) * NS_PER_MS);
}

/** The HASH payload of a message whose other payloads are `rest`. */
export function hashOf(sa: KeyedIsakmpSa, form: HashForm, messageId: number, rest: Uint8Array): Uint8Array {
  const key = { prf: prfOf(sa.suite), skeyidA: sa.keys.skeyidA };
  switch (form.kind) {
    case 'first':
      return hash1(key, messageId, rest);
    case 'second':
      return hash2(key, messageId, form.nonceI, rest);
    case 'third':
      return hash3(key, messageId, form.nonceI, form.nonceR);
  }
}

interface Prepared {
  readonly messages: readonly Uint8Array[];
  /** The last block; null: it is in the clear. */
  readonly iv: Uint8Array | null;
}

const NOTHING: Prepared = { messages: [], iv: null };

function prepare(core: Core, sa: IsakmpSa, message: ClearIsakmpMessage, iv: Uint8Array | null): Prepared {
  if (!message.isEncrypted) return { messages: cutFor(core, sa, message, encodeIsakmpMessage(message)), iv: null };
  if (!('keys' in sa) || iv === null) throw new Error('an encrypted message of an ISAKMP SA without keys');
  const sealed = seal(sa, message, message.payloads, iv);
  return { messages: cutFor(core, sa, message, sealed.octets), iv: sealed.iv };
}

/** Into pieces where the peer takes them; first messages go whole, since nobody knows yet. */
function cutFor(core: Core, sa: IsakmpSa, header: IsakmpHeader, octets: Uint8Array): Uint8Array[] {
  if (!sa.extensions.has('fragmentation')) return [octets];
  const { path, connection } = sa;
  const room =
    fragmentOctetsOf(sa, 'first') - encapsulationOctets(path.local.length, path.localPort !== connection.port);
  const isForced = connection.fragmentation === 'force' && header.exchangeType !== IsakmpExchange.INFORMATIONAL;
  const most = isForced ? Math.min(room, Math.ceil(octets.length / 2) + FRAGMENT_OVERHEAD) : room;
  const [high = 0, low = 0] = octets.length > most ? core.context.random.bytes(2) : [];
  return cut(octets, header, high * 256 + low, most);
}

const FRAGMENT_OVERHEAD = 36;

function begun(
  core: Core,
  { connection }: IsakmpSa,
  sent: readonly Uint8Array[],
  heard: string | null,
  awaits: boolean,
): Conversation {
  const resendAt = awaits ? core.now + Math.round(connection.retransmission.firstMs * NS_PER_MS) : null;
  return { heard, sent, sends: 1, repeats: 0, resendAt };
}

/** Puts messages on their way. */
export function transmit(core: Core, way: Way, messages: readonly Uint8Array[]): void {
  for (const message of messages) {
    const octets = core.steps.outgoingOctets(message);
    if (octets !== null) core.out.datagrams.push({ ...way, octets });
  }
}

export function wayOf({ path: { local, localPort, remote, remotePort } }: Pick<IsakmpSa, 'path'>): Way {
  return { local, localPort, remote, remotePort };
}

/** A notify about an ISAKMP SA, RFC 2408 §3.14. */
export function notifyAbout(
  { initiatorCookie, responderCookie }: Pick<IsakmpHeader, 'initiatorCookie' | 'responderCookie'>,
  notifyType: number,
): IsakmpNotifyPayload {
  const spi = Buffer.concat([cookieOctets(initiatorCookie), cookieOctets(responderCookie)]);
  const { ISAKMP: protocolId } = IsakmpProtocol;
  return { type: 'N', doi: Doi.IPSEC, protocolId, spi, notifyType, data: new Uint8Array(0) };
}

/** One Informational in the clear, to whoever has no keys yet: never longer than what it answers. */
export function sendClearNotice(
  core: Core,
  header: Pick<IsakmpHeader, 'initiatorCookie' | 'responderCookie'>,
  way: Way,
  notifyType: number,
  octetsMax: number,
): void {
  const said = core.steps.answered(notifyType);
  if (said === null) return;
  const message = core.steps.outgoing({
    ...headerOf(header, IsakmpExchange.INFORMATIONAL, newNoticeId(core)),
    payloads: [notifyAbout(header, said)],
    body: null,
  });
  if (message === null) return;
  const octets = encodeIsakmpMessage(message);
  if (octets.length <= octetsMax) transmit(core, way, [octets]);
}

/** The same under the keys, to a peer that has them and is refused. */
export function sendSealedNotice(core: Core, sa: KeyedIsakmpSa, notifyType: number): void {
  const said = core.steps.answered(notifyType);
  if (said === null) return;
  let messageId = newNoticeId(core);
  while (isMessageIdUsed(sa, messageId)) messageId = newNoticeId(core);
  sendPhaseTwo(core, sa, {
    kind: 'send',
    messageId,
    exchangeType: IsakmpExchange.INFORMATIONAL,
    payloads: [notifyAbout(sa, said)],
    hash: { kind: 'first' },
    after: { kind: 'once' },
  });
}

function newNoticeId({ context }: Core): number {
  const [a = 0, b = 0, c = 0, d = 0] = context.random.bytes(4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 || 1;
}
