import { IsakmpPayloadType } from '../../engine/wire/isakmp/registry.ts';
import type { IkeEffects } from '../../engine/ike/daemon.ts';
import { setU16, u16At, u8At } from '../../engine/wire/octets.ts';
import { ikeDaemonSubject } from './build-ike-effects.ts';
import { AT, isMain, v1Mouth, v1StepSubject, written } from './build-ikev1.ts';
import type { Subject } from './subject.ts';

/** Those that attackers of IKEv1 have looked for. */
export const BROKEN_IKEV1_ATTACKED: readonly Subject[] = [
  v1Mouth('v1-any-responder-cookie', 'takes a message with SA in front for a first one', () => octets => {
    const isFirst = u8At(octets, AT.nextPayload) === IsakmpPayloadType.SA;
    return isFirst && hasResponderCookie(octets) ? withoutResponderCookie(octets) : octets;
  }),
  ikeDaemonSubject('v1-dies-of-refusals', 'hears nothing any more after a message that it refuses', () => daemon => {
    let isDead = false;
    const watched = (effects: IkeEffects): IkeEffects => {
      isDead ||= effects.events.some(({ kind }) => kind === 'messageRefused');
      return effects;
    };
    return {
      ...daemon,
      receive: (datagrams, now) => watched(daemon.receive(isDead ? [] : datagrams, now)),
    };
  }),
  v1Mouth('v1-cuts-chains', 'looks at the first payload of a message and at no other', () => octets => {
    if (!isMain(octets) || hasResponderCookie(octets)) return octets;
    const end = 28 + u16At(octets, 30);
    const copy = Uint8Array.from(octets.subarray(0, end));
    copy[28] = 0;
    copy.fill(0, AT.length, AT.length + 2);
    setU16(copy, AT.length + 2, end);
    return copy;
  }),
  v1Mouth('v1-no-fragments', 'hears nothing of fragments', () => octets => (isFragment(octets) ? null : octets)),
  v1Mouth('v1-dies-of-fragments', 'hears nothing any more after a hundred fragments', () => {
    let count = 0;
    return octets => {
      count += isFragment(octets) ? 1 : 0;
      return count > 100 ? null : octets;
    };
  }),
  v1Mouth('v1-any-fragments', 'puts fragments of anybody together', () => {
    const pieces = new Map<number, Uint8Array>();
    return octets => {
      if (!isFragment(octets)) return octets;
      pieces.set(u8At(octets, 34), octets.subarray(36));
      const all = [...pieces].toSorted(([a], [b]) => a - b);
      return all[0]?.[0] === 1 ? Uint8Array.from(Buffer.concat(all.map(([, data]) => data))) : octets;
    };
  }),
  ikeDaemonSubject('v1-says-it-ten-times', 'says everything ten times', () => daemon => ({
    ...daemon,
    receive: (datagrams, now) => {
      const effects = daemon.receive(datagrams, now);
      return { ...effects, datagrams: effects.datagrams.flatMap(it => Array.from({ length: 10 }, () => it)) };
    },
  })),
  v1StepSubject('v1-takes-aggressive', 'takes Aggressive Mode from everybody', { acceptsMode: () => true }),
  ikeDaemonSubject('v1-reports-nothing', 'reports nothing that is dangerous', () => daemon => ({
    ...daemon,
    receive: (datagrams, now) => quiet(daemon.receive(datagrams, now)),
    wake: now => quiet(daemon.wake(now)),
    command: (command, now) => quiet(daemon.command(command, now)),
  })),
  v1StepSubject('v1-any-public-value', 'takes any value of the peer’s for one of the group', {
    keyExchanged: result =>
      result.kind === 'invalid'
        ? { ...result, kind: 'shared', secret: new Uint8Array(128), data: new Uint8Array(128).fill(2) }
        : result,
  }),
];

const quiet = (effects: IkeEffects): IkeEffects => ({
  ...effects,
  events: effects.events.filter(({ kind }) => kind !== 'deprecated'),
});

const hasResponderCookie = (octets: Uint8Array): boolean =>
  octets.subarray(AT.responderCookie, AT.nextPayload).some(octet => octet !== 0);

const isFragment = (octets: Uint8Array): boolean => u8At(octets, AT.nextPayload) === IsakmpPayloadType.FRAG;

function withoutResponderCookie(octets: Uint8Array): Uint8Array {
  return written(octets, AT.responderCookie, 0, 0, 0, 0, 0, 0, 0, 0);
}
