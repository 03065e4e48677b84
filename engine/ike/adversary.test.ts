import { describe, expect, test } from 'vitest';
import { createSeeded } from '../ipsec/testing/seeded.ts';
import { parseAddress } from '../wire/address.ts';
import { decodeIkeMessage, encodeIkeMessage } from '../wire/ike/codec.ts';
import type { IkeMessage } from '../wire/ike/message.ts';
import type { Payload } from '../wire/ike/payload.ts';
import { ExchangeType, NotifyType, ProtocolId } from '../wire/ike/registry.ts';
import type { IkeDatagram } from './daemon.ts';
import { STEPS } from './steps.ts';
import { altering, doubling, UNKNOWN, UNKNOWN_CRITICAL, without } from './testing/alter.ts';
import { pair } from './testing/connection.ts';
import { clearNotifies, kinds, states, twoGateways } from './testing/gateways.ts';
import { Network, type Station } from './testing/network.ts';
import { notifyPayload } from './v2/notify.ts';

const { IKE_SA_INIT, IKE_AUTH, INFORMATIONAL, CREATE_CHILD_SA } = ExchangeType;

/** A message to Alice that Bob did not send, as an answer to what she sent. */
function forgedAnswer(request: IkeDatagram, payloads: readonly Payload[], responderSpi: string): IkeDatagram {
  const asked = decodeIkeMessage(request.octets);
  const message: IkeMessage = { ...asked, responderSpi, isInitiator: false, isResponse: true, payloads };
  return swapped(request, encodeIkeMessage(message));
}

function swapped({ local, localPort, remote, remotePort }: IkeDatagram, octets: Uint8Array): IkeDatagram {
  return { local: remote, localPort: remotePort, remote: local, remotePort: localPort, octets };
}

/** Somebody beside the path answers Alice's first request before Bob does. */
function withForgedAnswer(payloadsFor: (request: IkeMessage) => readonly Payload[], responderSpi = '0000000000000000') {
  const gateways = twoGateways();
  const { network, alice } = gateways;
  let isForged = false;
  network.intercept = (datagram, from) => {
    if (from === alice && !isForged) {
      isForged = true;
      network.inject(forgedAnswer(datagram, payloadsFor(decodeIkeMessage(datagram.octets)), responderSpi));
    }
    return [datagram];
  };
  network.run(8000);
  return gateways;
}

/** What came of it: one IKE SA with its child, at both ends. */
function outcome({ network, alice, bob }: ReturnType<typeof twoGateways>) {
  const children = alice.daemon.status(network.now).sas.map(sa => sa.children.length);
  return { alice: states(alice, network.now), bob: states(bob, network.now).includes('established'), children };
}

const WHOLE = { alice: ['established'], bob: true, children: [1] };

describe('a forged answer to IKE_SA_INIT does not keep two from each other', () => {
  test.each([
    NotifyType.NO_PROPOSAL_CHOSEN,
    NotifyType.INVALID_SYNTAX,
    NotifyType.AUTHENTICATION_FAILED,
    NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
    NotifyType.INVALID_MAJOR_VERSION,
    12345,
  ])('an error, %i', type => {
    expect(outcome(withForgedAnswer(() => [notifyPayload(type)]))).toEqual(WHOLE);
  });

  test('a cookie', () => {
    expect(outcome(withForgedAnswer(() => [notifyPayload(NotifyType.COOKIE, new Uint8Array(16))]))).toEqual(WHOLE);
  });

  test('a group that was not offered, or the same', () => {
    expect(
      outcome(withForgedAnswer(() => [notifyPayload(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 14))])),
    ).toEqual(WHOLE);
    expect(
      outcome(withForgedAnswer(() => [notifyPayload(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 31))])),
    ).toEqual(WHOLE);
  });

  test('all that an answer needs, with the key exchange of somebody else', () => {
    const gateways = withForgedAnswer(
      ({ payloads }) => [
        ...payloads.filter(({ type }) => type === 'SA'),
        { type: 'KE', group: 31, data: new Uint8Array(32).fill(9) },
        { type: 'NONCE', data: new Uint8Array(32) },
      ],
      '00000000deadbeef',
    );
    expect(outcome(gateways)).toEqual(WHOLE);
  });

  test('nonsense', () => {
    expect(outcome(withForgedAnswer(() => []))).toEqual(WHOLE);
    expect(outcome(withForgedAnswer(() => [{ type: 'NONCE', data: new Uint8Array(3) }], '00000000deadbeef'))).toEqual(
      WHOLE,
    );
    expect(outcome(withForgedAnswer(() => [UNKNOWN_CRITICAL], '00000000deadbeef'))).toEqual(WHOLE);
  });

  test('a cookie each time leads nowhere, and stops', () => {
    const { network, alice } = twoGateways(pair({ attempts: 1 }));
    network.intercept = datagram => {
      network.inject(forgedAnswer(datagram, [notifyPayload(NotifyType.COOKIE, Uint8Array.of(1))], '0000000000000000'));
      return [];
    };
    network.run(60_000);
    expect(alice.sent.length).toBeLessThan(20);
    expect(states(alice, network.now)).toEqual([]);
  });
});

/** Established, then what was said is watched. */
function established() {
  const gateways = twoGateways();
  gateways.network.run(2000);
  const [sa] = gateways.bob.daemon.status(gateways.network.now).sas;
  if (sa === undefined) throw new Error('no IKE SA');
  const header = {
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    isInitiator: true,
    isResponse: false,
    higherVersion: false,
    messageId: 2,
    exchangeType: INFORMATIONAL,
  } as const;
  return { ...gateways, header, before: [gateways.alice.commands.length, gateways.bob.commands.length] };
}

const fromAlice = (octets: Uint8Array): IkeDatagram => ({
  local: parseAddress('192.0.2.1') ?? new Uint8Array(4),
  localPort: 500,
  remote: parseAddress('192.0.2.2') ?? new Uint8Array(4),
  remotePort: 500,
  octets,
});

describe('an established IKE SA', () => {
  test('is not touched by what is not protected', () => {
    const { network, alice, bob, header, before } = established();
    const messages: IkeMessage[] = [
      { ...header, payloads: [{ type: 'D', protocolId: ProtocolId.IKE, spis: [] }] },
      { ...header, payloads: [notifyPayload(NotifyType.AUTHENTICATION_FAILED)] },
      { ...header, isResponse: true, payloads: [notifyPayload(NotifyType.INVALID_IKE_SPI)] },
      { ...header, isResponse: true, payloads: [notifyPayload(NotifyType.INVALID_SYNTAX)] },
      { ...header, payloads: [{ type: 'SK', firstPayload: 42, body: new Uint8Array(64) }] },
      {
        ...header,
        payloads: [{ type: 'SKF', firstPayload: 42, fragmentNumber: 1, totalFragments: 1, body: new Uint8Array(64) }],
      },
      { ...header, exchangeType: IKE_SA_INIT, messageId: 0, payloads: [] },
    ];
    for (const message of messages) network.inject(fromAlice(encodeIkeMessage(message)));
    network.run(1000);
    expect([alice.commands.length, bob.commands.length]).toEqual(before);
    network.run(60_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
  });

  test('does nothing twice: each message that was, once more', () => {
    const { network, alice, bob, before } = established();
    const all = [...alice.sent, ...bob.sent];
    for (const datagram of [...all, ...all]) network.inject(datagram);
    network.run(3000);
    expect([alice.commands.length, bob.commands.length]).toEqual(before);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(bob.daemon.status(network.now).halfOpen).toBe(0);
  });

  test('drops a Message ID outside of the window, and answers the next one', () => {
    const { network, alice, bob } = established();
    network.run(60_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(kinds(bob)).not.toContain('ikeDeleted');
  });
});

test('one octet changed anywhere in a handshake only costs time', () => {
  const random = createSeeded('flips');
  for (let trial = 0; trial < 60; trial++) {
    const { network, alice, bob } = twoGateways(pair(), `flip ${trial}`);
    const number = random.below(4);
    let sent = 0;
    network.intercept = datagram => {
      if (sent++ !== number) return [datagram];
      const octets = Uint8Array.from(datagram.octets);
      const at = random.below(octets.length);
      octets[at] = (octets[at] ?? 0) ^ (1 + random.below(255));
      return [{ ...datagram, octets }];
    };
    network.run(
      100_000,
      () => states(bob, network.now).includes('established') && states(alice, network.now).includes('established'),
    );
    expect(states(alice, network.now), `trial ${trial}`).toContain('established');
    expect(states(bob, network.now), `trial ${trial}`).toContain('established');
  }
});

function bobAgainst(steps: typeof STEPS) {
  const network = new Network('against');
  const { alice: config, bob: other } = pair({ attempts: 1 });
  const alice = network.add('alice', ['192.0.2.1'], config, steps);
  const bob = network.add('bob', ['192.0.2.2'], other);
  return { network, alice, bob };
}

const versions = (majorVersion: number, minorVersion: number) =>
  bobAgainst({ ...STEPS, outgoing: message => ({ ...message, majorVersion, minorVersion }) });

describe('what a peer says that is not to be understood', () => {
  test('a critical payload in IKE_SA_INIT is named in the clear, and nothing is kept', () => {
    const { network, bob } = bobAgainst(altering(IKE_SA_INIT, 'request', payloads => [...payloads, UNKNOWN_CRITICAL]));
    network.run(1000);
    expect(clearNotifies(bob)).toEqual([
      NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
      NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
    ]);
    expect(bob.daemon.status(network.now).sas).toEqual([]);
  });

  test('a critical payload in IKE_AUTH ends it', () => {
    const { network, alice, bob } = bobAgainst(
      altering(IKE_AUTH, 'request', payloads => [...payloads, UNKNOWN_CRITICAL]),
    );
    network.run(1000);
    expect(alice.events.map(({ detail }) => detail).join()).toContain('UNSUPPORTED_CRITICAL_PAYLOAD');
    expect(bob.daemon.status(network.now).sas).toEqual([]);
  });

  test('a critical payload afterwards is told, and the IKE SA stays', () => {
    const { network, alice, bob } = bobAgainst(
      altering(INFORMATIONAL, 'request', payloads => [...payloads, UNKNOWN_CRITICAL]),
    );
    network.run(60_000);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(states(alice, network.now)).toEqual(['established']);
  });

  test.each([IKE_SA_INIT, IKE_AUTH, INFORMATIONAL])(
    'payloads that nobody knows, and are not critical, are passed over in exchange %i',
    type => {
      const { network, alice, bob } = bobAgainst(altering(type, 'request', payloads => [UNKNOWN, ...payloads]));
      network.run(60_000);
      expect(states(alice, network.now)).toEqual(['established']);
      expect(states(bob, network.now)).toEqual(['established']);
    },
  );

  test.each(['SA', 'KE', 'NONCE'] as const)('IKE_SA_INIT without %s, or with two, gets no answer', type => {
    for (const alter of [without(type), doubling(type)]) {
      const { network, bob } = bobAgainst(altering(IKE_SA_INIT, 'request', alter));
      network.run(5000);
      expect(bob.sent).toEqual([]);
      expect(bob.daemon.status(network.now).sas).toEqual([]);
    }
  });

  test.each([
    ['IDi', 'INVALID_SYNTAX'],
    ['AUTH', 'AUTHENTICATION_FAILED'],
  ] as const)('IKE_AUTH without %s is refused', (type, why) => {
    const { network, alice, bob } = bobAgainst(altering(IKE_AUTH, 'request', without(type)));
    network.run(1000);
    expect(alice.events.map(({ detail }) => detail).join()).toContain(why);
    expect(bob.daemon.status(network.now).sas).toEqual([]);
    expect(bob.commands).toEqual([]);
  });

  test('an answer without AUTH is none: nothing is installed', () => {
    const network = new Network('against');
    const { alice: config, bob: other } = pair({ attempts: 1 });
    const alice = network.add('alice', ['192.0.2.1'], config);
    network.add('bob', ['192.0.2.2'], other, altering(IKE_AUTH, 'response', without('AUTH')));
    network.run(5000);
    expect(alice.commands).toEqual([]);
    expect(kinds(alice)).not.toContain('ikeEstablished');
  });

  test('another exchange before IKE_AUTH does nothing', () => {
    const steps = {
      ...STEPS,
      outgoing: (message: IkeMessage) =>
        message.exchangeType === IKE_AUTH ? { ...message, exchangeType: CREATE_CHILD_SA } : message,
    };
    const { network, bob } = bobAgainst(steps);
    network.run(20_000);
    expect(bob.commands).toEqual([]);
    expect(kinds(bob)).not.toContain('ikeEstablished');
  });

  test('a higher major version is told which is spoken; a higher minor one is spoken to', () => {
    const higher = versions(3, 0);
    higher.network.run(1000);
    expect(clearNotifies(higher.bob)).toContain(NotifyType.INVALID_MAJOR_VERSION);
    const minor = versions(2, 5);
    minor.network.run(1000);
    expect(states(minor.alice, minor.network.now)).toEqual(['established']);
  });
});

function anyPeer() {
  const { alice, bob } = pair();
  return { alice, bob: { ...bob, connections: bob.connections.map(one => ({ ...one, remote: [] })) } };
}

describe('strangers', () => {
  const ATTACKER = parseAddress('198.51.100.1') ?? new Uint8Array(4);
  const BOB = parseAddress('192.0.2.2') ?? new Uint8Array(4);

  /** The first request of Alice, with another SPI and nonce, from wherever. */
  function flood(network: Network, alice: Station, count: number, address: (i: number) => Uint8Array): void {
    const random = createSeeded('flood');
    const [first] = alice.sent;
    if (first === undefined) throw new Error('Alice has sent nothing');
    const message = decodeIkeMessage(first.octets);
    for (let i = 0; i < count; i++) {
      const payloads = message.payloads.map(payload =>
        payload.type === 'NONCE' ? { ...payload, data: random.bytes(32) } : payload,
      );
      const initiatorSpi = Buffer.from(random.bytes(8)).toString('hex');
      const octets = encodeIkeMessage({ ...message, initiatorSpi, payloads });
      network.inject({ local: address(i), localPort: 500, remote: BOB, remotePort: 500, octets });
      if (i % 100 === 99) network.run(1);
    }
    network.run(1);
  }

  test('cannot fill the memory, and a real peer gets in meanwhile', () => {
    const { network, alice, bob } = twoGateways(anyPeer());
    network.intercept = () => []; // Alice's first request is a pattern
    network.run(1);
    network.intercept = datagram => [datagram];
    flood(network, alice, 3000, i => Uint8Array.of(10, 9, i >> 8, i & 255));
    const status = bob.daemon.status(network.now);
    expect(status.cookies).toBe(true);
    expect(status.halfOpen).toBeLessThanOrEqual(31);
    network.run(10_000, () => states(alice, network.now).includes('established'));
    expect(states(alice, network.now)).toEqual(['established']);
    network.run(60_000);
    expect(bob.daemon.status(network.now)).toMatchObject({ halfOpen: 0, cookies: false });
    expect(kinds(bob)).toContain('cookiesOn');
    expect(kinds(bob)).toContain('cookiesOff');
  });

  test('of one address have a limit of their own', () => {
    const { network, alice, bob } = twoGateways(anyPeer());
    network.intercept = () => [];
    network.run(1);
    network.intercept = datagram => [datagram];
    flood(network, alice, 500, () => ATTACKER);
    expect(bob.daemon.status(network.now).halfOpen).toBeLessThanOrEqual(20);
    expect(bob.daemon.status(network.now).cookies).toBe(false);
  });

  test('are told that an IKE SA is unknown, at a rate; responses never', () => {
    const { network, alice, bob } = twoGateways();
    network.run(2000);
    const message: IkeMessage = {
      initiatorSpi: '0102030405060708',
      responderSpi: '1112131415161718',
      majorVersion: 2,
      minorVersion: 0,
      exchangeType: INFORMATIONAL,
      isInitiator: true,
      isResponse: false,
      higherVersion: false,
      messageId: 7,
      payloads: [],
    };
    const before = bob.sent.length;
    const from = { local: ATTACKER, localPort: 500, remote: BOB, remotePort: 500 };
    network.inject({ ...from, octets: encodeIkeMessage({ ...message, isResponse: true }) });
    network.run(10);
    expect(bob.sent.length).toBe(before);
    for (let i = 0; i < 200; i++) network.inject({ ...from, octets: encodeIkeMessage(message) });
    network.run(10);
    const answers = bob.sent.slice(before).map(({ octets }) => decodeIkeMessage(octets));
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.length).toBeLessThan(20);
    expect(answers[0]).toMatchObject({
      initiatorSpi: message.initiatorSpi,
      responderSpi: message.responderSpi,
      messageId: 7,
      isResponse: true,
      payloads: [{ type: 'N', notifyType: NotifyType.INVALID_IKE_SPI }],
    });
    expect(states(alice, network.now)).toEqual(['established']);
  });

  test('send random octets, and nothing comes of it', () => {
    const { network, bob } = twoGateways();
    const random = createSeeded('octets');
    for (let i = 0; i < 2000; i++) {
      network.inject({
        local: ATTACKER,
        localPort: 500,
        remote: BOB,
        remotePort: 500,
        octets: random.bytes(random.below(200)),
      });
    }
    network.run(3000);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(bob.events.filter(({ kind }) => kind === 'messageRefused').length).toBeLessThan(40);
  });
});
