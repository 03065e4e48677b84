import type { ClearIsakmpMessage } from '../../../engine/wire/isakmp/message.ts';
import { IsakmpExchange, IsakmpNotify } from '../../../engine/wire/isakmp/registry.ts';
import type { Peer } from '../ike/ground.ts';
import { type Snapshot, snapshotOf, Stage } from './stage.ts';

const { IDENTITY_PROTECTION, AGGRESSIVE, TRANSACTION, QUICK_MODE, INFORMATIONAL } = IsakmpExchange;

/** A state of Bob's in which he is found by whoever means ill. */
export interface Scene {
  readonly name: string;
  /** With whom: the other end of what is under way. */
  readonly peer: Peer;
  readonly snapshot: Snapshot;
}

type Arrange = (stage: Stage) => void;

const SCENES: readonly (readonly [string, Peer, Arrange])[] = [
  ['alone', 'alice', () => undefined],
  ['answered', 'alice', stage => callHeld(stage, 'alice', message => has(message, 'KE'))],
  ['half-open', 'alice', stage => callHeld(stage, 'alice', isFifth)],
  ['half-open-certificates', 'dave', stage => callHeld(stage, 'dave', isFifth)],
  ['half-open-aggressive', 'erin', stage => callHeld(stage, 'erin', isThirdOfAggressive)],
  ['mid-fragment', 'dave', midFragment],
  ['asking-user', 'erin', stage => callHeld(stage, 'erin', message => message.exchangeType === TRANSACTION)],
  ['quick-answered', 'alice', stage => callHeld(stage, 'alice', isThirdOfQuick)],
  ['established', 'alice', stage => stage.call('alice')],
  ['established-certificates', 'dave', stage => stage.call('dave')],
  ['established-user', 'erin', stage => stage.call('erin')],
  ['rekeying-child', 'alice', stage => bobDoes(stage, QUICK_MODE, { kind: 'rekey', child: 'alice' })],
  ['rekeying-isakmp', 'alice', stage => bobDoes(stage, IDENTITY_PROTECTION, { kind: 'rekey', ike: 'alice' })],
  ['asking-life', 'alice', askingLife],
  ['calling', 'alice', stage => bobCalls(stage, message => has(message, 'SA'))],
  ['exchanging', 'alice', stage => bobCalls(stage, message => has(message, 'KE'))],
  ['proving', 'alice', stage => bobCalls(stage, isFifth)],
];

let arranged: readonly Scene[] | null = null;

/** All of them; Carol is there in each, and has to stay. */
export function scenes(): readonly Scene[] {
  arranged ??= SCENES.map(([name, peer, arrange]) => {
    const stage = new Stage(`scene ${name}`);
    stage.call('carol');
    if (!stage.isEstablished('carol')) throw new Error('Carol is not there');
    arrange(stage);
    return { name, peer, snapshot: snapshotOf(stage) };
  });
  return arranged;
}

const has = ({ payloads }: ClearIsakmpMessage, type: string): boolean => payloads.some(one => one.type === type);
const isFifth = (message: ClearIsakmpMessage): boolean =>
  message.exchangeType === IDENTITY_PROTECTION && has(message, 'ID');
const isThirdOfAggressive = (message: ClearIsakmpMessage): boolean =>
  message.exchangeType === AGGRESSIVE && !has(message, 'SA');
const isThirdOfQuick = (message: ClearIsakmpMessage): boolean =>
  message.exchangeType === QUICK_MODE && !has(message, 'SA');

function callHeld(stage: Stage, peer: Peer, holds: (message: ClearIsakmpMessage) => boolean): void {
  stage.holds = (message, from) => from === peer && holds(message);
  stage.command(stage.peers[peer], { kind: 'initiate', child: peer });
  stage.run(100);
  if (stage.held.length === 0) throw new Error(`nothing of ${peer} was held`);
}

/** Of a message in pieces all but the last have come. */
function midFragment(stage: Stage): void {
  callHeld(stage, 'dave', isFifth);
  for (const datagram of stage.held.splice(0, stage.held.length - 1)) {
    stage.arrived.push(datagram);
    stage.inject(datagram);
  }
  stage.run(20);
}

function bobDoes(stage: Stage, exchangeType: number, command: Parameters<Stage['command']>[1]): void {
  stage.call('alice');
  stage.holds = (message, from) => from === 'bob' && message.exchangeType === exchangeType;
  stage.command(stage.bob, command);
  stage.run(100);
  if (stage.held.length === 0) throw new Error('Bob asks nothing');
}

const isQuestion = ({ exchangeType, payloads }: ClearIsakmpMessage): boolean =>
  exchangeType === INFORMATIONAL &&
  payloads.some(one => one.type === 'N' && one.notifyType === IsakmpNotify['R-U-THERE']);

/** His R-U-THERE does not arrive. */
function askingLife(stage: Stage): void {
  stage.call('alice');
  stage.holds = (message, from) => from === 'bob' && isQuestion(message);
  stage.run(60_000, () => stage.held.length > 0);
  if (stage.held.length === 0) throw new Error('Bob does not ask whether anybody lives');
}

function bobCalls(stage: Stage, holds: (message: ClearIsakmpMessage) => boolean): void {
  stage.holds = (message, from) => from === 'bob' && message.exchangeType === IDENTITY_PROTECTION && holds(message);
  stage.command(stage.bob, { kind: 'initiate', child: 'alice' });
  stage.run(100);
  if (stage.held.length === 0) throw new Error('Bob does not call');
}
