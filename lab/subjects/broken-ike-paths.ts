import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { ikeStepSubject } from './build-ike.ts';
import { ikeEffectsSubject, installs } from './build-ike-effects.ts';
import { isInit, payloads, request } from './build-ike-messages.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with addresses, ports and NATs, and with the configuration payload: RFC 7296 §2.11, §2.19 and §2.23. */
export const BROKEN_IKE_PATHS: readonly Subject[] = [...ports(), ...nats(), ...configuration()];

function ports(): Subject[] {
  return [
    ikeEffectsSubject('ike-answers-to-its-port', 'sends to port 500 or 4500, wherever the request came from', () => ({
      outgoing: datagram => ({ ...datagram, remotePort: datagram.localPort }),
    })),
    ikeEffectsSubject('ike-deaf-on-4500', 'does not listen on port 4500', () => ({
      incoming: datagram => (datagram.localPort === 4500 ? null : datagram),
    })),
    ikeEffectsSubject('ike-answers-from-500', 'answers from port 500 what came to 4500', () => ({
      outgoing: datagram => ({ ...datagram, localPort: 500 }),
    })),
  ];
}

/** §2.23. */
function nats(): Subject[] {
  return [
    payloads('ike-detects-no-nat', 'does not say where it believes both ends to be', isInit, all =>
      all.filter(it => !isDetection(it)),
    ),
    payloads('ike-detects-wrongly', 'says that both ends are elsewhere', isInit, all =>
      all.map(it => (isDetection(it) ? { ...it, data: it.data.toReversed() } : it)),
    ),
    ikeStepSubject('ike-sees-no-nat', 'sees no NAT', {
      natsDetected: nats => (nats === null ? null : { isLocalNatted: false, isRemoteNatted: false }),
    }),
    ikeStepSubject('ike-sees-nats', 'sees a NAT everywhere', {
      natsDetected: () => ({ isLocalNatted: false, isRemoteNatted: true }),
    }),
    installs('ike-child-stays-put', 'sends for ever to where the peer was first', sa =>
      sa.encapsulation ? { ...sa, encapsulation: { ...sa.encapsulation, followsPeer: false } } : sa,
    ),
  ];
}

/** §2.19, §3.15. */
function configuration(): Subject[] {
  return [
    payloads('ike-gives-no-address', 'does not say which address it gives', inAuth, all =>
      all.filter(({ type }) => type !== 'CP'),
    ),
    payloads('ike-asks-for-no-address', 'does not ask for an address', request(ExchangeType.IKE_AUTH), all =>
      all.filter(({ type }) => type !== 'CP'),
    ),
    payloads('ike-gives-in-a-request', 'calls its answer a request', inAuth, all =>
      all.map(it => (it.type === 'CP' ? { ...it, cfgType: 1 } : it)),
    ),
    payloads('ike-gives-two-addresses', 'gives more addresses than it is asked for', inAuth, all =>
      all.map(it => (it.type === 'CP' ? { ...it, attributes: [...it.attributes, ...it.attributes] } : it)),
    ),
    hiding(
      'ike-hides-that-it-gives',
      'does not say that an address has to be asked for',
      NotifyType.FAILED_CP_REQUIRED,
    ),
    hiding('ike-hides-that-none-is-left', 'does not say that it has no address', NotifyType.INTERNAL_ADDRESS_FAILURE),
    ikeStepSubject('ike-minds-attributes', 'drops requests for attributes that it does not know', {
      incoming: message =>
        message.payloads.some(it => it.type === 'CP' && it.attributes.some(({ type }) => type > 100)) ? null : message,
    }),
    ikeStepSubject('ike-minds-configuration', 'drops INFORMATIONAL with a configuration payload', {
      incoming: message =>
        message.exchangeType === ExchangeType.INFORMATIONAL && message.payloads.some(({ type }) => type === 'CP')
          ? null
          : message,
    }),
    ikeEffectsSubject('ike-forgets-its-address', 'does not put the address on an interface that it is given', () => ({
      command: command => (command.kind === 'addAddress' ? [] : [command]),
    })),
    ikeStepSubject('ike-gives-all-the-same', 'gives everybody the same address', () => {
      let first: Payload | null = null;
      return {
        outgoing: message => {
          if (!inAuth(message)) return message;
          first ??= message.payloads.find(({ type }) => type === 'CP') ?? null;
          const given = first;
          return {
            ...message,
            payloads: message.payloads.map(it => (it.type === 'CP' && given !== null ? given : it)),
          };
        },
      };
    }),
  ];
}

function inAuth({ exchangeType, isResponse }: IkeMessage): boolean {
  return isResponse && exchangeType === ExchangeType.IKE_AUTH;
}

function hiding(name: string, fault: string, notifyType: number): Subject {
  return payloads(name, fault, inAuth, all => all.filter(it => it.type !== 'N' || it.notifyType !== notifyType));
}

function isDetection(payload: Payload): payload is Extract<Payload, { type: 'N' }> {
  return (
    payload.type === 'N' &&
    (payload.notifyType === NotifyType.NAT_DETECTION_SOURCE_IP ||
      payload.notifyType === NotifyType.NAT_DETECTION_DESTINATION_IP)
  );
}
