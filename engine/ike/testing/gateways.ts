import { decodeIkeMessage } from '../../wire/ike/codec.ts';
import type { IkeConfig } from '../config.ts';
import type { IkeDatagram } from '../daemon.ts';
import { pair } from './connection.ts';
import { Network, type Station, type Weather } from './network.ts';

/** For tests: Alice at 192.0.2.1 and Bob at 192.0.2.2, Alice calls. */
export function twoGateways(
  configs: { readonly alice: IkeConfig; readonly bob: IkeConfig } = pair(),
  seed = 'seed',
  weather?: Weather,
) {
  const network = new Network(seed, weather);
  const alice = network.add('alice', ['192.0.2.1'], configs.alice);
  const bob = network.add('bob', ['192.0.2.2'], configs.bob);
  return { network, alice, bob };
}

/** Kinds of events, in their order. */
export const kinds = ({ events }: Station): string[] => events.map(({ kind }) => kind);

/** Types of the notifies that a station has sent in the clear. */
export function clearNotifies({ sent }: Station): number[] {
  return sent.flatMap(({ octets }) =>
    decodeIkeMessage(octets).payloads.flatMap(payload => (payload.type === 'N' ? [payload.notifyType] : [])),
  );
}

/** Messages as hexadecimal, in the order in which they were sent. */
export function messages({ sent }: { readonly sent: readonly IkeDatagram[] }): string[] {
  return sent.map(({ octets }) => Buffer.from(octets).toString('hex'));
}

/** The states of a station's IKE SAs. */
export const states = ({ daemon }: Station, now: number): string[] => daemon.status(now).sas.map(({ state }) => state);
