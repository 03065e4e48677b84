import type { Insider } from '../ike/attacks.ts';
import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import { sasOf } from '../../../engine/ike/testing/node-sas.ts';
import { exchangeOf } from '../../../engine/ike/v1/exchanges.ts';
import type { HashForm } from '../../../engine/ike/v1/hash-form.ts';
import {
  type EstablishedIsakmpSa,
  type IsakmpSa,
  isKeyed,
  type KeyedIsakmpSa,
} from '../../../engine/ike/v1/isakmp-sa.ts';
import { phase2Iv, prfOf } from '../../../engine/ike/v1/keys.ts';
import { hash1, hash2, hash3 } from '../../../engine/ike/v1/phase2-hash.ts';
import { seal } from '../../../engine/ike/v1/seal.ts';
import type { TrafficSelector } from '../../../engine/wire/ike/payload.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import { encodeIsakmpMessage, encodeIsakmpPayloads } from '../../../engine/wire/isakmp/codec.ts';
import { cookieOctets } from '../../../engine/wire/isakmp/header.ts';
import type { ClearIsakmpMessage, IsakmpHeader } from '../../../engine/wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../../engine/wire/isakmp/registry.ts';
import { setU32 } from '../../../engine/wire/octets.ts';
import { parsePrefix } from '../../../engine/wire/prefix.ts';
import type { Dice } from '../ike/dice.ts';
import { BOB_NETWORK, NETWORKS, type Peer } from '../ike/ground.ts';
import { EXCHANGES, fromAnywhere, type Material, strangersMessage } from './hostile-messages.ts';
import { mutatedPayloads } from './payload-mutation.ts';
import type { Scene } from './scenes.ts';
import { Trial } from './trial.ts';

/**
 * So many messages of a peer that means ill, under the right keys and with the right HASH: any exchange with any payloads, as
 * initiator and as responder, while Bob does things of his own. It may lose its own ISAKMP SAs by that, and has nothing else
 * from it.
 */
export function tryAsInsider(scene: Scene, material: Material, kind: Insider, seed: string, count: number): Trial {
  const trial = new Trial(scene, seed);
  const { core, dice } = trial;
  const carol = [...core.sas.values()].find(sa => sa.connection.name === 'carol');
  const known = new Set(core.sas.keys());
  const isOurs = (sa: IsakmpSa): sa is KeyedIsakmpSa =>
    isKeyed(sa) && sa.connection.name !== 'carol' && (kind === 'proven' || !isProven(sa));
  while (trial.messages < count && trial.findings.length === 0) {
    const ours = [...core.sas.values()].filter(isOurs);
    if (ours.length === 0) break;
    const sa = dice.once(3) ? dice.pick(ours) : (ours.at(-1) ?? dice.pick(ours));
    trial.now += dice.below(3 * NS_PER_MS);
    if (kind === 'proven' && dice.once(12)) trial.command(bobsOwn(scene.peer, dice));
    if (kind === 'proven' && dice.once(30)) trial.pass(dice.below(900) * NS_PER_MS);
    if (dice.once(25))
      trial.receive(fromAnywhere(strangersMessage(ours, material, scene.snapshot.arrived, dice), dice));
    else say(trial, sa, material, kind);
  }
  if (kind === 'unproven') lookAtUnproven(trial, known);
  lookAtNode(trial);
  const still = carol === undefined ? undefined : core.sas.get(carol.id);
  if (carol !== undefined && still?.kind !== 'established') {
    trial.findings.push('Carol, who has nothing to do with it, has lost her ISAKMP SA');
  }
  trial.look();
  trial.calmDown();
  if (trial.findings.length === 0) lookAtNode(trial);
  return trial;
}

/** Whether its peer has shown all that it is asked for: XAuth too. */
const isProven = (sa: IsakmpSa): boolean =>
  sa.kind === 'established' && (sa.isOpen || sa.user !== null || sa.connection.v1?.xauth?.side !== 'gateway');

function say(trial: Trial, sa: KeyedIsakmpSa, material: Material, kind: Insider): void {
  const { dice, scene } = trial;
  const place = placeFor(sa, dice);
  const template = templateFor(place.header, scene.snapshot.said, material, dice);
  const inside = template.payloads.filter(({ type }) => type !== 'HASH' || sa.kind !== 'established');
  const payloads = mutatedPayloads(alive(inside, sa, dice), material.payloads, dice);
  const said = kind === 'proven' ? payloads : payloads.map(payload => spoiled(payload, scene.snapshot.said));
  const whole = sa.kind === 'established' ? withHash(sa, place, said, dice) : said;
  const octets = dice.once(40)
    ? encodeIsakmpMessage({ ...place.header, isEncrypted: false, payloads: whole, body: null })
    : seal(sa, place.header, whole, place.iv).octets;
  trial.receive({ ...whence(sa, dice), octets: dice.once(50) ? spoiledOctets(octets, dice) : octets });
}

/** Where in which exchange a message is to be. */
interface Place {
  readonly header: IsakmpHeader;
  readonly iv: Uint8Array;
  readonly hash: HashForm;
}

function placeFor(sa: KeyedIsakmpSa, dice: Dice): Place {
  const usual = {
    initiatorCookie: sa.initiatorCookie,
    responderCookie: sa.responderCookie,
    majorVersion: 1,
    minorVersion: dice.once(50) ? 9 : 0,
    isEncrypted: true,
    isCommit: dice.once(12),
    isAuthenticationOnly: dice.once(60),
  };
  if (sa.kind !== 'established') {
    const phase1 = sa.mode === 'main' ? IsakmpExchange.IDENTITY_PROTECTION : IsakmpExchange.AGGRESSIVE;
    const exchangeType = dice.once(8) ? dice.pick(EXCHANGES) : phase1;
    const messageId = exchangeType === phase1 && !dice.once(20) ? 0 : dice.below(2 ** 32);
    const iv = messageId === 0 ? sa.iv : phase2Iv(sa.suite, sa.iv, messageId);
    return { header: { ...usual, exchangeType, messageId }, iv, hash: { kind: 'first' } };
  }
  const open = sa.exchanges.length > 0 && dice.once(2) ? dice.pick(sa.exchanges) : null;
  if (open !== null) {
    const expected = exchangeOf(open.exchangeType)?.expects(open) ?? null;
    const exchangeType = dice.once(30) ? dice.pick(EXCHANGES) : open.exchangeType;
    const hash = expected?.hash ?? { kind: 'first' as const };
    return { header: { ...usual, exchangeType, messageId: open.messageId }, iv: open.iv, hash };
  }
  const messageId = dice.once(12) ? dice.pick([0, 1, ...sa.usedIds]) : 1 + dice.below(2 ** 32 - 1);
  const { QUICK_MODE, INFORMATIONAL, TRANSACTION } = IsakmpExchange;
  const exchangeType = dice.once(25)
    ? dice.pick(EXCHANGES)
    : dice.pick([QUICK_MODE, QUICK_MODE, INFORMATIONAL, INFORMATIONAL, TRANSACTION]);
  return {
    header: { ...usual, exchangeType, messageId },
    iv: phase2Iv(sa.suite, sa.iv, messageId),
    hash: { kind: 'first' },
  };
}

/** Something that has been said in such an exchange; of this very scene, if there is any. */
function templateFor(
  { exchangeType }: IsakmpHeader,
  said: readonly ClearIsakmpMessage[],
  { messages }: Material,
  dice: Dice,
): ClearIsakmpMessage {
  const isSuch = (message: ClearIsakmpMessage) => message.exchangeType === exchangeType && message.isEncrypted;
  const own = dice.once(2) ? said.filter(isSuch) : [];
  if (own.length > 0) return dice.pick(own);
  const others = messages.filter(isSuch);
  return dice.pick(others.length === 0 || dice.once(30) ? messages : others);
}

/** With the SPIs of Child SAs and the cookies that there are in the place of those that were talked about. */
function alive(payloads: readonly IsakmpPayload[], sa: KeyedIsakmpSa, dice: Dice): readonly IsakmpPayload[] {
  if (sa.kind !== 'established' || dice.once(8)) return payloads;
  const cookies = Buffer.concat([cookieOctets(sa.initiatorCookie), cookieOctets(sa.responderCookie)]);
  const spi = () => {
    const octets = new Uint8Array(4);
    setU32(octets, 0, sa.children.length === 0 ? dice.below(2 ** 32) : dice.pick(sa.children).spiOut);
    return octets;
  };
  return payloads.map((payload): IsakmpPayload => {
    if (payload.type === 'D') return { ...payload, spis: [payload.protocolId === 1 ? cookies : spi()] };
    if (payload.type === 'N') return { ...payload, spi: payload.protocolId === 1 ? cookies : spi() };
    if (payload.type !== 'SA') return payload;
    const { octets: _, ...rest } = payload;
    return { ...rest, proposals: payload.proposals.map(one => ({ ...one, spi: dice.bytes(one.spi.length) })) };
  });
}

function withHash(
  { suite, keys }: EstablishedIsakmpSa,
  { header: { messageId }, hash }: Place,
  payloads: readonly IsakmpPayload[],
  dice: Dice,
): readonly IsakmpPayload[] {
  if (dice.once(40)) return payloads;
  const key = { prf: prfOf(suite), skeyidA: keys.skeyidA };
  const rest = encodeIsakmpPayloads(payloads).octets;
  const data = {
    first: () => hash1(key, messageId, rest),
    second: () => hash2(key, messageId, hash.kind === 'first' ? NOTHING : hash.nonceI, rest),
    third: () => (hash.kind === 'third' ? hash3(key, messageId, hash.nonceI, hash.nonceR) : NOTHING),
  }[hash.kind]();
  return [{ type: 'HASH', data: dice.once(40) ? dice.bytes(data.length) : data }, ...payloads];
}

const NOTHING = new Uint8Array(0);

/** Whoever is unproven has not the HASH or SIG of phase 1 that would prove it, nor the password. */
function spoiled(payload: IsakmpPayload, said: readonly ClearIsakmpMessage[]): IsakmpPayload {
  if (payload.type === 'ATTR') {
    const attributes = payload.attributes.map(({ type, value }) =>
      typeof value === 'number' || value.length === 0 ? { type, value } : { type, value: flipped(value) },
    );
    return { ...payload, attributes };
  }
  if (payload.type !== 'HASH' && payload.type !== 'SIG') return payload;
  const isGenuine = said.some(message =>
    message.payloads.some(one => one.type === payload.type && Buffer.compare(one.data, payload.data) === 0),
  );
  return isGenuine ? { ...payload, data: flipped(payload.data) } : payload;
}

function flipped(octets: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(octets);
  copy[0] = (copy[0] ?? 0) ^ 0xff;
  return copy;
}

function spoiledOctets(octets: Uint8Array, dice: Dice): Uint8Array {
  const copy = Uint8Array.from(octets);
  const at = dice.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
  return copy;
}

function whence({ path }: KeyedIsakmpSa, dice: Dice) {
  const { local, localPort, remote, remotePort } = path;
  if (!dice.once(12)) return { local, localPort, remote, remotePort };
  const elsewhere = Uint8Array.of(203, 0, 113, dice.below(256));
  return { local, localPort: dice.once(2) ? 500 : 4500, remote: elsewhere, remotePort: dice.below(65536) };
}

/** What Bob, his node and his host do meanwhile. */
function bobsOwn(peer: Peer, dice: Dice): IkeCommand {
  const commands: readonly IkeCommand[] = [
    { kind: 'rekey', child: peer },
    { kind: 'rekey', child: peer },
    { kind: 'rekey', ike: peer },
    { kind: 'terminate', child: peer },
    { kind: 'initiate', child: peer },
    { kind: 'addresses', addresses: ['192.0.2.2', '192.0.2.77'] },
    { kind: 'addresses', addresses: ['192.0.2.2'] },
    { kind: 'reauthenticate', ike: peer },
    { kind: 'terminate', ike: peer },
  ];
  // The last ones end it all: seldom.
  return commands[dice.once(6) ? dice.below(commands.length) : dice.below(commands.length - 2)] ?? { kind: 'rekey' };
}

function lookAtUnproven({ core, commands, findings }: Trial, known: ReadonlySet<number>): void {
  if (commands.length > 0) findings.push(`somebody unproven has the node do ${commands[0]?.kind}`);
  for (const sa of core.sas.values()) {
    if (!known.has(sa.id) && isProven(sa)) findings.push('somebody unproven has an ISAKMP SA');
    if (sa.connection.name === 'erin' && sa.kind === 'established' && sa.user !== null)
      findings.push('somebody unproven is a user');
  }
}

/** The node has what the daemon says, and nobody has more than the configuration gives. */
function lookAtNode({ core, scene, commands, findings }: Trial): void {
  const established = [...core.sas.values()].filter(sa => sa.kind === 'established');
  const expected = established.flatMap(sa => [
    ...sa.children.flatMap(child => [
      `inbound ${child.spiIn}`,
      ...(child.isOutboundInstalled ? [`outbound ${child.spiOut}`] : []),
    ]),
    ...sa.lingering.map(({ inbound }) => `inbound ${inbound.spi}`),
  ]);
  try {
    const all = [...(scene.snapshot.commands.get('bob') ?? []), ...commands];
    const there = sasOf({ name: 'bob', commands: all }).map(({ direction, spi }) => `${direction} ${spi}`);
    const [a, b] = [expected.sort().join(), there.sort().join()];
    if (a !== b) findings.push(`the node has other SAs than the daemon: ${b}, and not ${a}`);
  } catch (error) {
    findings.push(`the node is told what cannot be: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const sa of established) {
    for (const { local, remote } of sa.children) {
      const allowed = NETWORKS[sa.connection.name as Peer];
      if (!local.every(one => isWithin(one, BOB_NETWORK)) || !remote.every(one => isWithin(one, allowed)))
        findings.push(`a child of ${sa.connection.name} has wider traffic selectors than it may`);
    }
  }
}

function isWithin({ start, end }: TrafficSelector, prefix: string): boolean {
  const parsed = parsePrefix(prefix);
  if (parsed === null) throw new Error(prefix);
  const network = parsed.address.subarray(0, parsed.length / 8);
  return [start, end].every(one => one.length === 4 && Buffer.compare(one.subarray(0, network.length), network) === 0);
}
