import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { setU16, setU32, u16At } from '../../engine/wire/octets.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt } from '../tester/ike/initiate.ts';
import { judgeNotAccepted, judgeStillServes } from '../tester/ike/verdicts.ts';

/** RFC 7296 §2.21.1: first messages that cannot be. */

const without = (...types: readonly Payload['type'][]) => ({
  message: (message: IkeMessage) => ({ ...message, payloads: message.payloads.filter(it => !types.includes(it.type)) }),
});

/** The same payload twice. */
const doubling = (type: Payload['type']) => ({
  message: (message: IkeMessage) => ({
    ...message,
    payloads: message.payloads.flatMap(it => (it.type === type ? [it, it] : [it])),
  }),
});

const ofKe = (data: Uint8Array) => ({
  message: (message: IkeMessage) => ({
    ...message,
    payloads: message.payloads.map(it => (it.type === 'KE' ? { ...it, data } : it)),
  }),
});

const ofNonce = (octets: number) => ({
  message: (message: IkeMessage) => ({
    ...message,
    payloads: message.payloads.map(it => (it.type === 'NONCE' ? { ...it, data: new Uint8Array(octets).fill(3) } : it)),
  }),
});

/** Octets of the header's Length made right again. */
const relengthed = (octets: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(octets);
  setU32(copy, 24, copy.length);
  return copy;
};

/** What cannot begin an IKE SA, by what is wrong with it. */
const MALFORMED: Readonly<Record<string, Parameters<typeof attempt>[1]>> = {
  'no-sa': without('SA'),
  'no-ke': without('KE'),
  'no-nonce': without('NONCE'),
  nothing: without('SA', 'KE', 'NONCE', 'N'),
  'two-sa': doubling('SA'),
  'two-ke': doubling('KE'),
  'two-nonces': doubling('NONCE'),
  'short-nonce': ofNonce(15),
  'long-nonce': ofNonce(257),
  'empty-ke': ofKe(new Uint8Array(0)),
  'short-ke': ofKe(new Uint8Array(31).fill(9)),
  'long-ke': ofKe(new Uint8Array(33).fill(9)),
  'small-order': ofKe(new Uint8Array(32)),
  'payload-length-0': { octets: octets => octets.with(30, 0).with(31, 0) },
  'payload-length-3': { octets: octets => octets.with(30, 0).with(31, 3) },
  'payload-beyond-end': { octets: octets => octets.with(30, 0xff) },
  'proposal-beyond-payload': { octets: octets => octets.with(34, 0xff) },
  'transform-length-0': { octets: octets => octets.with(42, 0).with(43, 0) },
  'chain-beyond-end': { octets: octets => octets.with(16, 200).with(28, 200) },
  'cut-short': { octets: octets => relengthed(octets.slice(0, octets.length - 7)) },
  'trailing-octets': { octets: octets => relengthed(Uint8Array.of(...octets, 1, 2, 3)) },
  'no-proposals': { octets: octets => withEmptySa(octets) },
  'hundreds-of-payloads': {
    message: message => ({
      ...message,
      payloads: [
        ...message.payloads,
        ...Array.from({ length: 400 }, () => ({ type: 'V', data: new Uint8Array(0) }) as const),
      ],
    }),
  },
  'message-id-1': { message: message => ({ ...message, messageId: 1 }) },
  'spi-zero': { message: message => ({ ...message, initiatorSpi: '0000000000000000' }) },
  'both-spis': { message: message => ({ ...message, responderSpi: '0123456789abcdef' }) },
  'not-from-the-initiator': { message: message => ({ ...message, isInitiator: false }) },
};

/** Who takes it for what it is not. */
const TAKERS: Readonly<Record<string, string>> = {
  'short-nonce': 'ike-any-nonce',
  'long-nonce': 'ike-any-nonce',
  'empty-ke': 'ike-any-point',
  'short-ke': 'ike-any-point',
  'long-ke': 'ike-any-point',
  'small-order': 'ike-any-point',
};

/** The SA payload with nothing in it. */
function withEmptySa(octets: Uint8Array): Uint8Array {
  const saOctets = u16At(octets, 30);
  const copy = Uint8Array.of(...octets.subarray(0, 32), ...octets.subarray(28 + saOctets));
  setU16(copy, 30, 4);
  return relengthed(copy);
}

for (const [slug, alteration] of Object.entries(MALFORMED)) {
  ikeClause(
    `rfc7296-2.21.1-malformed-first-message[${slug}]`,
    {
      level: 'MUST',
      text: 'An IKE_SA_INIT that cannot be leads to no IKE SA and to no harm',
      scenario: `The peer sends IKE_SA_INIT with what is wrong with it: ${slug.replaceAll('-', ' ')}. Then it calls as it should.`,
      brokenBy: TAKERS[slug] ?? 'ike-falls-silent-of-it',
    },
    async peer => {
      const before = peer.initiatorSpi;
      const { response } = await attempt(peer, alteration);
      judgeNotAccepted(peer, response, 'alice accepts what cannot be');
      peer.initiatorSpi = peer.newSpi();
      judge(before !== peer.initiatorSpi, 'two peers are one');
      await judgeStillServes(peer, 'alice does not speak with anybody after a malformed message');
    },
  );
}
