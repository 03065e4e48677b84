import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ikeStepSubject, ikeWireSubject } from './build-ike.ts';
import type { Subject } from './subject.ts';

/** Which messages a fault is about. */
export type Chooses = (message: IkeMessage) => boolean;

export function isInit({ exchangeType }: IkeMessage): boolean {
  return exchangeType === ExchangeType.IKE_SA_INIT;
}

export function request(exchange: number): Chooses {
  return ({ exchangeType, isResponse }) => exchangeType === exchange && !isResponse;
}

export function response(exchange: number): Chooses {
  return ({ exchangeType, isResponse }) => exchangeType === exchange && isResponse;
}

/** Messages on their way out that are chosen, before they are sealed. */
export function changing(
  name: string,
  fault: string,
  chooses: Chooses,
  change: (message: IkeMessage) => IkeMessage,
): Subject {
  return ikeStepSubject(name, fault, { outgoing: message => (chooses(message) ? change(message) : message) });
}

/** The payloads of such messages. */
export function payloads(
  name: string,
  fault: string,
  chooses: Chooses,
  change: (payloads: readonly Payload[]) => readonly Payload[],
): Subject {
  return changing(name, fault, chooses, message => ({ ...message, payloads: change(message.payloads) }));
}

/** The octets of IKE_SA_INIT on their way out. */
export function octets(name: string, fault: string, change: (octets: Uint8Array) => Uint8Array): Subject {
  return ikeStepSubject(name, fault, { outgoingOctets: it => (isClearInit(it) ? change(it) : it) });
}

export function bits(at: number, mask: number): (octets: Uint8Array) => Uint8Array {
  return it => it.with(at, u8At(it, at) | mask);
}

export function isClearInit(message: Uint8Array): boolean {
  return u8At(message, 18) === ExchangeType.IKE_SA_INIT;
}

/** Hears nothing of such messages. */
export function deaf(name: string, fault: string, isLost: (octets: Uint8Array) => boolean): Subject {
  return ikeWireSubject(name, fault, () => ({ incoming: message => (isLost(message) ? null : message) }));
}

export function silentAbout(name: string, fault: string, notifyType: number): Subject {
  return ikeStepSubject(name, fault, {
    outgoing: message =>
      message.payloads.some(payload => payload.type === 'N' && payload.notifyType === notifyType) ? null : message,
  });
}
