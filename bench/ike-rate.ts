import type { IkeDaemon } from '../engine/ike/daemon.ts';
import { createSystemRandom } from '../engine/host/system-random.ts';
import { createIkePair, type IkePair } from './ike-pair.ts';
import { pairConfigs, PAIR_CHILD, type PairPlan } from './ike-pair-config.ts';
import { heapOctets } from './soak/heap.ts';

/** What it costs two daemons in one process to connect: IKE_SA_INIT, IKE_AUTH and whatever is between them, with a child. */
export interface HandshakeRate {
  readonly what: string;
  /** Of both ends together, median: a gateway does half of it. */
  readonly ms: number;
  readonly handshakesPerSecond: number;
  readonly datagrams: number;
  /** UDP payload, both ways. */
  readonly octets: number;
}

const HOUR_MS = 3_600_000;
const SETTLE_MS = 1000;

const AEAD = 'aes256gcm16-prfsha384';
const GROUPS: readonly string[] = [
  'x25519',
  'ecp256',
  'ecp384',
  'ecp521',
  'x448',
  'modp2048',
  'modp3072',
  'modp4096',
  'ecp256bp',
  'x25519-ke1_mlkem768',
];
const AUTHENTICATIONS: readonly PairPlan['authentication'][] = [
  'psk',
  ...(['ed25519', 'ecdsa256', 'ecdsa384', 'rsa2048', 'rsa3072', 'rsa4096'] as const).map(
    key => ({ key, sends: 'certificate' }) as const,
  ),
  { key: 'ed25519', sends: 'raw' },
];

/** Each group with a shared secret, and each way to authenticate with X25519. */
export function measureHandshakes(rounds: number): HandshakeRate[] {
  const plans: readonly PairPlan[] = [
    ...GROUPS.map(group => ({ ike: `${AEAD}-${group}`, esp: 'aes256gcm16', authentication: 'psk' }) as const),
    ...AUTHENTICATIONS.slice(1).map(authentication => ({ ike: `${AEAD}-x25519`, esp: 'aes256gcm16', authentication })),
  ];
  return plans.map(plan => measureHandshake(plan, rounds));
}

function nameOf({ ike, authentication }: PairPlan): string {
  const group = ike.slice(AEAD.length + 1);
  if (authentication === 'psk') return `${group}, psk`;
  return `${group}, ${authentication.key}${authentication.sends === 'raw' ? ', raw key' : ', certificate'}`;
}

export function measureHandshake(plan: PairPlan, rounds: number): HandshakeRate {
  const random = createSystemRandom();
  let [datagrams, octets] = [0, 0];
  const watch = {
    sent(_: string, datagram: { readonly octets: Uint8Array }): void {
      datagrams++;
      octets += datagram.octets.length;
    },
  };
  const pair = createIkePair(pairConfigs(plan, random), { initiator: random, responder: random }, watch);
  const samples: number[] = [];
  pair.settle(SETTLE_MS); // the first one, which also compiles
  for (let round = 0; round < rounds; round++) {
    pair.command('initiator', { kind: 'terminate', ike: 'responder' });
    pair.settle(HOUR_MS); // all that lingers is gone
    if (sasOf(pair.daemons.responder, pair) !== 0) throw new Error('an IKE SA that does not go');
    [datagrams, octets] = [0, 0];
    const began = process.hrtime.bigint();
    pair.command('initiator', { kind: 'initiate', child: PAIR_CHILD });
    pair.settle(SETTLE_MS);
    samples.push(Number(process.hrtime.bigint() - began) / 1e6);
    if (sasOf(pair.daemons.initiator, pair) !== 1) throw new Error(`${nameOf(plan)}: they do not connect`);
  }
  const ms = median(samples);
  return { what: nameOf(plan), ms, handshakesPerSecond: 1000 / ms, datagrams, octets };
}

function sasOf(daemon: IkeDaemon, pair: IkePair): number {
  return daemon.status(pair.now()).sas.filter(({ state }) => state === 'established').length;
}

/** Octets of heap that a responder keeps for each IKE SA with one child, once all is quiet. */
export function measureIkeMemory(sas: number): number {
  const random = createSystemRandom();
  const plan: PairPlan = { ike: `${AEAD}-x25519`, esp: 'aes256gcm16', authentication: 'psk' };
  const connect = (before: { readonly responder?: IkeDaemon; readonly at: number }, name: number) => {
    const configs = pairConfigs({ ...plan, initiatorIdentity: `i${name}.example` }, random);
    const pair = createIkePair(configs, { initiator: random, responder: random }, {}, before);
    pair.settle(SETTLE_MS);
    return { responder: pair.daemons.responder, at: pair.now() };
  };
  let gateway = connect({ at: 0 }, 0);
  const before = settledOctets();
  for (let i = 0; i < sas; i++) gateway = connect(gateway, i + 1);
  const { responder, at } = gateway;
  const status = responder.status(at);
  if (status.sas.length < sas) throw new Error(`${status.sas.length} IKE SAs of ${sas}`);
  return (settledOctets() - before) / sas;
}

/** What array buffers held is given back only at the collection after the one that found them. */
function settledOctets(): number {
  heapOctets();
  heapOctets();
  return heapOctets();
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}
