import type { Insider } from './attacks.ts';
import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import { sasOf } from '../../../engine/ike/testing/node-sas.ts';
import { type IkeSa, isAuthenticated, isKeyed, type KeyedIkeSa } from '../../../engine/ike/v2/ike-sa.ts';
import type { OutstandingRequest } from '../../../engine/ike/v2/windows.ts';
import { mutated } from '../../../engine/pki/testing/mutate.ts';
import { parsePrefix } from '../../../engine/wire/prefix.ts';
import type { IkeHeader, IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Payload, TrafficSelector } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../../engine/wire/ike/registry.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import { setU32 } from '../../../engine/wire/octets.ts';
import type { Dice } from './dice.ts';
import { BOB_NETWORK, NETWORKS, type Peer } from './ground.ts';
import { contentOf, fromAnywhere, type Material, sealedDatagrams, strangersMessage } from './hostile-messages.ts';
import { mutatedPayloads } from './payload-mutation.ts';
import type { Scene } from './scenes.ts';
import { Trial } from './trial.ts';

/**
 * So many messages of a peer that means ill, under the right keys: any exchange with any payloads, as initiator and as
 * responder, while Bob does things of his own. It may lose its own IKE SAs by that, and has nothing else from it.
 */
export function tryAsInsider(scene: Scene, material: Material, kind: Insider, seed: string, count: number): Trial {
  const trial = new Trial(scene, seed);
  const { core, dice } = trial;
  const carol = [...core.sas.values()].find(sa => sa.connection.name === 'carol');
  const known = new Set(core.sas.keys());
  const isOurs = (sa: IkeSa): sa is KeyedIkeSa =>
    isKeyed(sa) && sa.connection.name !== 'carol' && (kind === 'proven' || !isAuthenticated(sa));
  while (trial.messages < count && trial.findings.length === 0) {
    const ours = [...core.sas.values()].filter(isOurs);
    if (ours.length === 0) break;
    const sa = dice.once(3) ? dice.pick(ours) : (ours.at(-1) ?? dice.pick(ours));
    trial.now += dice.below(3 * NS_PER_MS);
    if (kind === 'proven' && dice.once(12)) trial.command(bobsOwn(scene.peer, trial, dice));
    if (kind === 'proven' && dice.once(30)) trial.pass(dice.below(900) * NS_PER_MS);
    if (dice.once(25))
      trial.receive(fromAnywhere(strangersMessage(ours, material, scene.snapshot.arrived, dice), dice));
    else say(trial, sa, material, kind);
  }
  if (kind === 'unproven') lookAtUnproven(trial, known);
  lookAtNode(trial);
  const still = carol === undefined ? undefined : core.sas.get(carol.id);
  if (carol !== undefined && (still === undefined || !isAuthenticated(still) || still.kind !== carol.kind)) {
    trial.findings.push('Carol, who has nothing to do with it, has lost her IKE SA');
  }
  trial.look();
  trial.calmDown();
  if (trial.findings.length === 0) lookAtNode(trial);
  return trial;
}

function say(trial: Trial, sa: KeyedIkeSa, material: Material, kind: Insider): void {
  const { dice, scene } = trial;
  const request = dice.once(2) ? sa.windows.requests.outstanding[0] : undefined;
  const header = headerFor(sa, request, dice);
  const template = templateFor(header, scene.snapshot.said, material, dice);
  const payloads = mutatedPayloads(alive(template.payloads, sa, dice), material.payloads, dice);
  const said = kind === 'proven' ? payloads : payloads.map(payload => spoiled(payload, scene.snapshot.said));
  const content = contentOf(header, said, dice);
  const from = placeOf(sa, dice);
  for (const octets of sealedDatagrams(sa, content, dice)) trial.receive({ ...from, octets });
}

const EXCHANGES: readonly number[] = Object.values(ExchangeType);

function headerFor(sa: KeyedIkeSa, request: OutstandingRequest | undefined, dice: Dice): IkeHeader {
  const usual = {
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    majorVersion: 2,
    minorVersion: dice.once(50) ? 9 : 0,
    isInitiator: sa.role === 'responder' || dice.once(60),
    higherVersion: dice.once(50),
  };
  if (request !== undefined) {
    const { exchangeType, messageId } = request.header;
    return {
      ...usual,
      isResponse: true,
      exchangeType: dice.once(30) ? dice.pick(EXCHANGES) : exchangeType,
      messageId: dice.once(30) ? dice.below(2 ** 32) : messageId,
    };
  }
  const { expectedId, size } = sa.windows.responses;
  const messageId = dice.once(8)
    ? dice.pick([expectedId - 1, expectedId + 1, expectedId + size - 1, expectedId + size, 0, 2 ** 32 - 1])
    : expectedId;
  return { ...usual, isResponse: dice.once(30), exchangeType: usualExchange(sa, dice), messageId: messageId >>> 0 };
}

function usualExchange(sa: KeyedIkeSa, dice: Dice): number {
  if (dice.once(25)) return dice.below(256);
  const { IKE_AUTH, IKE_INTERMEDIATE, CREATE_CHILD_SA, INFORMATIONAL, IKE_FOLLOWUP_KE } = ExchangeType;
  if (sa.kind === 'halfOpen' && !dice.once(8)) return dice.once(4) ? IKE_INTERMEDIATE : IKE_AUTH;
  return dice.pick([CREATE_CHILD_SA, CREATE_CHILD_SA, INFORMATIONAL, INFORMATIONAL, IKE_FOLLOWUP_KE, IKE_AUTH]);
}

/** Something that has been said in such an exchange; of this very scene, if there is any. */
function templateFor(
  { exchangeType, isResponse }: IkeHeader,
  said: readonly IkeMessage[],
  { messages }: Material,
  dice: Dice,
): IkeMessage {
  const isSuch = (message: IkeMessage) => message.exchangeType === exchangeType && message.isResponse === isResponse;
  const own = dice.once(2) ? said.filter(isSuch) : [];
  if (own.length > 0) return dice.pick(own);
  const others = messages.filter(isSuch);
  return dice.pick(others.length === 0 || dice.once(30) ? messages : others);
}

/** With the SPIs of Child SAs that there are in the place of those that were talked about. */
function alive(payloads: readonly Payload[], sa: KeyedIkeSa, dice: Dice): readonly Payload[] {
  if (!isAuthenticated(sa) || sa.children.length === 0 || dice.once(8)) return payloads;
  const spi = () => dice.pick(isAuthenticated(sa) ? sa.children : []).spiOut;
  return payloads.map((payload): Payload => {
    if (payload.type === 'D' && payload.protocolId === 3) return { ...payload, spis: [spi()] };
    if (payload.type === 'N' && payload.notifyType === NotifyType.REKEY_SA) {
      const octets = new Uint8Array(4);
      setU32(octets, 0, spi());
      return { ...payload, spi: octets };
    }
    if (payload.type !== 'SA') return payload;
    const proposals = payload.proposals.map(one => ({ ...one, spi: dice.bytes(one.spi.length) }));
    return { ...payload, proposals };
  });
}

/** Whoever is unproven has not the AUTH that would prove it. */
function spoiled(payload: Payload, said: readonly IkeMessage[]): Payload {
  if (payload.type !== 'AUTH') return payload;
  const isGenuine = said.some(message =>
    message.payloads.some(one => one.type === 'AUTH' && Buffer.compare(one.data, payload.data) === 0),
  );
  if (!isGenuine) return payload;
  const data = Uint8Array.from(payload.data);
  data[0] = (data[0] ?? 0) ^ 0xff;
  return { ...payload, data };
}

function placeOf({ path }: KeyedIkeSa, dice: Dice) {
  const { local, localPort, remote, remotePort } = path;
  if (!dice.once(12)) return { local, localPort, remote, remotePort };
  const elsewhere = Uint8Array.of(203, 0, 113, dice.below(256));
  return { local, localPort: dice.once(2) ? 500 : 4500, remote: elsewhere, remotePort: dice.below(65536) };
}

/** What Bob, his node and his host do meanwhile. */
function bobsOwn(peer: Peer, { core }: Trial, dice: Dice): IkeCommand {
  for (const { waitsFor, message: occasion } of core.parked.values()) {
    const [id] = waitsFor.keys();
    const { octets } = occasion.message;
    if (id !== undefined) return { kind: 'fetched', id, content: dice.once(2) ? null : mutated(octets, dice) };
  }
  const commands: readonly IkeCommand[] = [
    { kind: 'rekey', child: peer },
    { kind: 'rekey', ike: peer },
    { kind: 'rekey', ike: peer },
    { kind: 'terminate', child: peer },
    { kind: 'initiate', child: peer },
    { kind: 'redirect', ike: peer, to: '192.0.2.99' },
    { kind: 'addresses', addresses: ['192.0.2.2', '192.0.2.77'] },
    { kind: 'addresses', addresses: ['192.0.2.2'] },
    { kind: 'fetched', id: 1, content: dice.bytes(20) },
    { kind: 'reauthenticate', ike: peer },
    { kind: 'terminate', ike: peer },
  ];
  // The last ones end it all: seldom.
  return commands[dice.once(6) ? dice.below(commands.length) : dice.below(commands.length - 2)] ?? { kind: 'rekey' };
}

function lookAtUnproven(trial: Trial, known: ReadonlySet<number>): void {
  const { core, commands, findings, fetched } = trial;
  if (commands.length > 0) findings.push(`somebody unproven has the node do ${commands[0]?.kind}`);
  const early = fetched.find(url => url.endsWith('crl') || url.endsWith('ocsp'));
  if (early !== undefined) findings.push(`somebody unproven has ${early} fetched`);
  for (const sa of core.sas.values()) {
    if (!known.has(sa.id) && isAuthenticated(sa)) findings.push('somebody unproven has an IKE SA');
    if (known.has(sa.id) && isAuthenticated(sa) && !isAuthenticated(trial.scene.snapshot.bob.sas.get(sa.id) ?? sa)) {
      findings.push('somebody unproven has proven it');
    }
  }
}

/** The node has what the daemon says, and nobody has more than the configuration gives. */
function lookAtNode({ core, scene, commands, findings }: Trial): void {
  const expected = [...core.sas.values()].flatMap(sa => {
    if (!isAuthenticated(sa)) return [];
    const children = sa.children.flatMap(child => [
      `inbound ${child.spiIn}`,
      ...(child.isOutboundInstalled ? [`outbound ${child.spiOut}`] : []),
    ]);
    return [...children, ...sa.lingering.map(({ inbound }) => `inbound ${inbound.spi}`)];
  });
  try {
    const all = [...(scene.snapshot.commands.get('bob') ?? []), ...commands];
    const there = sasOf({ name: 'bob', commands: all }).map(({ direction, spi }) => `${direction} ${spi}`);
    const [a, b] = [expected.sort().join(), there.sort().join()];
    if (a !== b) findings.push(`the node has other SAs than the daemon: ${b}, and not ${a}`);
  } catch (error) {
    findings.push(`the node is told what cannot be: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const sa of core.sas.values()) {
    if (!isAuthenticated(sa)) continue;
    for (const { local, remote } of sa.children) {
      const allowed = sa.connection.name === 'anybody' ? NETWORKS.alice : NETWORKS[sa.connection.name as Peer];
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
