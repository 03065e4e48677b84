import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import type { Peer } from './ground.ts';
import { type Snapshot, snapshotOf, Stage } from './stage.ts';

const { IKE_AUTH, IKE_INTERMEDIATE, CREATE_CHILD_SA, INFORMATIONAL, IKE_SA_INIT } = ExchangeType;

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
  ['half-open', 'alice', stage => callHeld(stage, 'alice', message => message.exchangeType === IKE_AUTH)],
  ['half-open-certificates', 'dave', stage => callHeld(stage, 'dave', message => message.exchangeType === IKE_AUTH)],
  ['mid-fragment', 'dave', midFragment],
  ['mid-intermediate', 'erin', midIntermediate],
  ['established', 'alice', stage => stage.call('alice')],
  ['fetching', 'dave', stage => stage.call('dave')],
  ['established-certificates', 'dave', certified],
  ['established-hybrid', 'erin', stage => stage.call('erin')],
  ['rekeying-child', 'alice', stage => bobDoes(stage, CREATE_CHILD_SA, { kind: 'rekey', child: 'alice' })],
  ['rekeying-ike', 'alice', stage => bobDoes(stage, CREATE_CHILD_SA, { kind: 'rekey', ike: 'alice' })],
  ['deleting', 'alice', stage => bobDoes(stage, INFORMATIONAL, { kind: 'terminate', ike: 'alice' })],
  ['rekeyed', 'alice', rekeyed],
  ['calling', 'alice', stage => bobCalls(stage, IKE_SA_INIT)],
  ['authenticating', 'alice', stage => bobCalls(stage, IKE_AUTH)],
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

function callHeld(stage: Stage, peer: Peer, holds: Stage['holds']): void {
  stage.holds = holds;
  stage.command(stage.peers[peer], { kind: 'initiate', child: peer });
  stage.run(100);
  if (stage.held.length === 0) throw new Error(`nothing of ${peer} was held`);
}

/** Nobody tells Bob whether a certificate was revoked, and he takes it. */
function certified(stage: Stage): void {
  stage.call('dave');
  for (const { id } of stage.bob.fetches) stage.command(stage.bob, { kind: 'fetched', id, content: null });
  stage.run(1000);
  if (!stage.isEstablished('dave')) throw new Error('Dave is not there');
}

/** Of a request in many pieces all but the last have come. */
function midFragment(stage: Stage): void {
  callHeld(stage, 'dave', message => message.exchangeType === IKE_AUTH);
  for (const datagram of stage.held.splice(0, stage.held.length - 1)) stage.inject(datagramTo(stage, datagram));
  stage.run(20);
}

const datagramTo = (stage: Stage, datagram: Stage['held'][number]) => {
  stage.arrived.push(datagram);
  return datagram;
};

function midIntermediate(stage: Stage): void {
  // The second of two, in as many pieces as it takes.
  callHeld(
    stage,
    'erin',
    message => message.exchangeType === IKE_INTERMEDIATE && !message.isResponse && message.messageId > 1,
  );
}

function bobDoes(stage: Stage, exchangeType: number, command: Parameters<Stage['command']>[1]): void {
  stage.call('alice');
  stage.holds = (message, from) => from === 'bob' && message.exchangeType === exchangeType;
  stage.command(stage.bob, command);
  stage.run(100);
  if (stage.held.length === 0) throw new Error('Bob asks nothing');
}

function rekeyed(stage: Stage): void {
  stage.call('alice');
  stage.holds = (message, from) => from === 'alice' && message.exchangeType === INFORMATIONAL;
  stage.command(stage.peers.alice, { kind: 'rekey', ike: 'bob' });
  stage.run(100);
  if (stage.held.length === 0) throw new Error('Alice deletes nothing');
}

function bobCalls(stage: Stage, exchangeType: number): void {
  stage.holds = (message, from) => from === 'bob' && message.exchangeType === exchangeType;
  stage.command(stage.bob, { kind: 'initiate', child: 'alice' });
  stage.run(100);
  if (stage.held.length === 0) throw new Error('Bob does not call');
}
