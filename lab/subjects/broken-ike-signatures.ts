import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { AuthPayload, NotifyPayload, Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { ikeConfigSubject, ikeStepSubject } from './build-ike.ts';
import { isInit, payloads } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

const LATE: NotifyPayload = {
  type: 'N',
  protocolId: 0,
  spi: new Uint8Array(0),
  notifyType: NotifyType.SIGNATURE_HASH_ALGORITHMS,
  data: Uint8Array.of(0, 2),
};

/** Those that do one thing wrong with signatures, RFC 7427. */
export const BROKEN_IKE_SIGNATURES: readonly Subject[] = aboutSignatures();

function aboutSignatures(): Subject[] {
  return [
    auth('ike-signs-other-octets', 'signs something else', it => ({
      ...it,
      data: it.data.with(it.data.length - 1, last(it) ^ 1),
    })),
    auth('ike-names-no-algorithm', 'leaves out how it has signed', it => ({
      ...it,
      data: it.data.subarray(1 + (it.data[0] ?? 0)),
    })),
    auth('ike-old-signature-method', 'signs with method 1 although both know method 14', it => ({ ...it, method: 1 })),
    auth('ike-new-signature-method', 'signs with method 14 although it was not agreed upon', it => ({
      ...it,
      method: 14,
    })),
    hashes('ike-hides-hashes', 'does not say which hash algorithms it knows', () => []),
    hashes('ike-offers-sha1', 'says to take SHA-1', it => [{ ...it, data: Uint8Array.of(0, 1, ...it.data) }]),
    hashes('ike-odd-hashes', 'names hash algorithms of one octet', it => [{ ...it, data: it.data.slice(1) }]),
    hashes('ike-hashes-of-an-sa', 'says that hash algorithms are about an SA', it => [{ ...it, protocolId: 3 }]),
    payloads('ike-late-hashes', 'names its hash algorithms when it is too late', isAuth, all => [...all, LATE]),
    ikeStepSubject('ike-ignores-hashes', 'signs with a hash that the peer has not named', {
      incoming: message => ({
        ...message,
        payloads: message.payloads.map(it =>
          it.type === 'N' && it.notifyType === NotifyType.SIGNATURE_HASH_ALGORITHMS
            ? { ...it, data: Uint8Array.of(0, 2, 0, 3, 0, 4, 0, 5) }
            : it,
        ),
      }),
    }),
    ikeStepSubject('ike-no-signatures', 'believes no signature', {
      peerJudged: () => ({ kind: 'refused', why: 'it is broken' }),
    }),
    ikeConfigSubject('ike-one-scheme', 'takes RSA with SHA-256 alone', config => ({
      ...config,
      connections: config.connections.map(connection => ({
        ...connection,
        authentication: {
          ...connection.authentication,
          remote: { ...connection.authentication.remote, schemes: ['rsa-sha256'] },
        },
      })),
    })),
  ];
}

function auth(name: string, fault: string, change: (auth: AuthPayload) => AuthPayload): Subject {
  return payloads(name, fault, isAuth, all => all.map(it => (it.type === 'AUTH' ? change(it) : it)));
}

function hashes(name: string, fault: string, change: (notify: NotifyPayload) => readonly Payload[]): Subject {
  return payloads(name, fault, isInit, all =>
    all.flatMap(it => (it.type === 'N' && it.notifyType === NotifyType.SIGNATURE_HASH_ALGORITHMS ? change(it) : [it])),
  );
}

function isAuth({ exchangeType }: IkeMessage): boolean {
  return exchangeType === ExchangeType.IKE_AUTH;
}

function last({ data }: AuthPayload): number {
  return data.at(-1) ?? 0;
}
