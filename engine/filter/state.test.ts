import { describe, expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import { Filter } from './filter.ts';
import { STATES_MAX } from './state-table.ts';
import { filterOf } from './testing/filter-of.ts';
import { NO_SURROUNDINGS, packetOf, type PacketModel } from './testing/packets.ts';

const NET0 = { name: 'net0', kind: 'ethernet' } as const;
const NET1 = { name: 'net1', kind: 'ethernet' } as const;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;

/** A filter that blocks what it does not know, and looks at packets on net0 unless told otherwise. */
class Scene {
  readonly filter: Filter;
  now = 0;

  constructor(text: string) {
    this.filter = new Filter(filterOf(text, { otherwise: 'block' }), NO_SURROUNDINGS);
  }

  in(model: PacketModel, place: typeof NET0 | typeof NET1 = NET0): 'pass' | 'block' {
    return this.filter.check(packetOf(model), 'in', place, this.now).kind;
  }

  out(model: PacketModel, place: typeof NET0 | typeof NET1 = NET0): 'pass' | 'block' {
    return this.filter.check(packetOf(model), 'out', place, this.now).kind;
  }
}

const [A, B] = ['192.0.2.1', '198.51.100.1'];

function udp(parts: Partial<PacketModel> = {}): PacketModel {
  return { source: A, destination: B, protocol: 17, ports: [5000, 53], payloadOctets: 10, ...parts };
}

function answerTo(model: PacketModel, parts: Partial<PacketModel> = {}): PacketModel {
  const [source, destination] = model.ports ?? [0, 0];
  return { ...model, source: model.destination, destination: model.source, ports: [destination, source], ...parts };
}

describe('UDP', () => {
  const PASS_DNS = 'pass out on net0 proto udp from any to any port = 53 keep state';

  test('answers pass where the question went out, and nothing else does', () => {
    const scene = new Scene(PASS_DNS);
    expect(scene.in(answerTo(udp()))).toBe('block');
    expect(scene.out(udp())).toBe('pass');
    expect(scene.in(answerTo(udp()))).toBe('pass');
    expect(scene.in(answerTo(udp()), NET1)).toBe('block');
    expect(scene.in(answerTo(udp(), { ports: [53, 5001] }))).toBe('block');
    expect(scene.in(answerTo(udp(), { source: '198.51.100.2' }))).toBe('block');
    expect(scene.in(udp())).toBe('block');
  });

  test('the same over IPv6', () => {
    const scene = new Scene(PASS_DNS);
    const question = udp({ source: '2001:db8::1', destination: '2001:db8::53' });
    expect(scene.out(question)).toBe('pass');
    expect(scene.in(answerTo(question))).toBe('pass');
    expect(scene.in(answerTo(question, { source: '2001:db8::54' }))).toBe('block');
  });

  test('a forwarded flow needs one rule: it goes out, and its replies come in and go out, by the same state', () => {
    const scene = new Scene('pass in on net1 proto udp from any to any port = 53 keep state');
    expect(scene.in(udp(), NET1)).toBe('pass');
    expect(scene.out(udp(), NET0)).toBe('pass');
    expect(scene.in(answerTo(udp()), NET0)).toBe('pass');
    expect(scene.out(answerTo(udp()), NET1)).toBe('pass');
    expect(scene.in(answerTo(udp()), NET1)).toBe('block');
  });

  test('idle flows are forgotten: 120 s after a question, 12 s after an answer, or as the rule says', () => {
    const scene = new Scene(PASS_DNS);
    scene.out(udp());
    scene.now = 119 * NS_PER_S;
    expect(scene.in(answerTo(udp()))).toBe('pass');
    scene.now += 13 * NS_PER_S;
    expect(scene.in(answerTo(udp()))).toBe('block');
    const aged = new Scene(`${PASS_DNS} (age 30/1)`);
    aged.out(udp());
    aged.now = 29 * NS_PER_S;
    expect(aged.in(answerTo(udp()))).toBe('pass');
    aged.now += 2 * NS_PER_S;
    expect(aged.in(answerTo(udp()))).toBe('block');
  });

  test('a limit of entries', () => {
    const scene = new Scene(`${PASS_DNS} (limit 2)`);
    expect([1, 2, 3].map(port => scene.out(udp({ ports: [port, 53] })))).toEqual(['pass', 'pass', 'block']);
    scene.now = 121 * NS_PER_S;
    expect(scene.out(udp({ ports: [3, 53] }))).toBe('pass');
    expect(scene.filter.counters()).toMatchObject({ states: 1, stateFigures: { udp: 3, refused: 1, expired: 2 } });
  });

  test('a flood of new flows is bounded, and takes no flow that was answered', () => {
    const scene = new Scene('pass out proto udp all keep state');
    scene.out(udp());
    scene.in(answerTo(udp()));
    for (let i = 0; i < STATES_MAX + 1000; i++) {
      scene.now += 1000;
      scene.out(udp({ ports: [i & 0xffff, 1000 + (i >> 16)] }));
    }
    expect(scene.filter.counters().states).toBe(STATES_MAX);
    expect(scene.in(answerTo(udp()))).toBe('pass');
    expect(scene.in(answerTo(udp({ ports: [1, 1000] })))).toBe('block');
  });
});

function unreachable(quoted: PacketModel, parts: Partial<PacketModel> = {}): PacketModel {
  return {
    source: '203.0.113.9',
    destination: quoted.source,
    protocol: 1,
    icmp: [3, 3],
    quoted: packetOf(quoted).subarray(0, 28),
    ...parts,
  };
}

describe('ICMP', () => {
  const PASS_PING =
    'pass out proto icmp all icmp-type echo keep state\npass out proto ipv6-icmp all icmp-type echo keep state';

  test.each([
    { source: A, destination: B, protocol: 1, request: 8, reply: 0 },
    { source: '2001:db8::1', destination: '2001:db8::2', protocol: 58, request: 128, reply: 129 },
  ])('replies with the same identifier, protocol $protocol', ({ source, destination, protocol, request, reply }) => {
    const scene = new Scene(PASS_PING);
    const ping: PacketModel = { source, destination, protocol, icmp: [request, 0], identifier: 7 };
    const pong: PacketModel = { ...answerTo(ping), icmp: [reply, 0] };
    expect(scene.in(pong)).toBe('block');
    expect(scene.out(ping)).toBe('pass');
    expect(scene.in(pong)).toBe('pass');
    expect(scene.in({ ...pong, identifier: 8 })).toBe('block');
    expect(scene.in({ ...pong, icmp: [request, 0] })).toBe('block');
  });

  test('errors about a tracked flow pass, if they can be about it', () => {
    const scene = new Scene('pass out proto tcp/udp all keep state');
    scene.out(udp());
    expect(scene.in(unreachable(udp()))).toBe('pass');
    expect(scene.in(unreachable(udp()), NET1)).toBe('block');
    expect(scene.in(unreachable(udp({ ports: [5001, 53] })))).toBe('block');
    expect(scene.in(unreachable(udp(), { destination: '192.0.2.2' }))).toBe('block');
    expect(scene.in(unreachable(udp(), { icmp: [5, 0] }))).toBe('block');
    const syn: PacketModel = { source: A, destination: B, protocol: 6, ports: [1024, 80], flags: SYN, sequence: 1000 };
    scene.out(syn);
    expect(scene.in(unreachable(syn))).toBe('pass');
    expect(scene.in(unreachable({ ...syn, sequence: 99_000_000 }))).toBe('block');
  });

  test('errors of IPv6 as well, and none where the rule says so', () => {
    for (const [option, verdict] of [
      ['', 'pass'],
      ['(no-icmp-err)', 'block'],
    ] as const) {
      const scene = new Scene(`pass out proto udp all keep state ${option}`);
      const question = udp({ source: '2001:db8::1', destination: '2001:db8::2' });
      scene.out(question);
      const tooBig: PacketModel = {
        source: '2001:db8:9::9',
        destination: question.source,
        protocol: 58,
        icmp: [2, 0],
        quoted: packetOf(question),
      };
      expect(scene.in(tooBig)).toBe(verdict);
    }
  });
});

function client(parts: Partial<PacketModel> = {}): PacketModel {
  return { source: A, destination: B, protocol: 6, ports: [1024, 80], window: 1000, ...parts };
}

function server(parts: Partial<PacketModel> = {}): PacketModel {
  return answerTo(client(), { window: 1000, ...parts });
}

describe('TCP', () => {
  const PASS_WEB = 'pass out quick proto tcp from any to any port = 80 flags S/SA keep state';
  function opened(text = PASS_WEB): Scene {
    const scene = new Scene(text);
    expect(scene.out(client({ flags: SYN, sequence: 100 }))).toBe('pass');
    expect(scene.in(server({ flags: SYN | ACK, sequence: 500, acknowledgment: 101 }))).toBe('pass');
    expect(scene.out(client({ flags: ACK, sequence: 101, acknowledgment: 501 }))).toBe('pass');
    return scene;
  }

  test('a connection from its SYN to its end', () => {
    const scene = opened();
    const request = client({ flags: ACK, sequence: 101, acknowledgment: 501, payloadOctets: 200 });
    expect(scene.out(request)).toBe('pass');
    expect(scene.out(request)).toBe('pass');
    expect(scene.in(server({ flags: ACK, sequence: 501, acknowledgment: 301, payloadOctets: 900 }))).toBe('pass');
    expect(scene.in(server({ flags: FIN | ACK, sequence: 1401, acknowledgment: 301 }))).toBe('pass');
    expect(scene.out(client({ flags: FIN | ACK, sequence: 301, acknowledgment: 1402 }))).toBe('pass');
    expect(scene.in(server({ flags: ACK, sequence: 1402, acknowledgment: 302 }))).toBe('pass');
    scene.now += 31 * NS_PER_S;
    expect(scene.in(server({ flags: ACK, sequence: 1402, acknowledgment: 302 }))).toBe('block');
    expect(scene.out(client({ flags: SYN, sequence: 9_000_000 }))).toBe('pass');
  });

  test('it lives for days while it is open, and not long while it opens', () => {
    const scene = opened();
    scene.now += 400_000 * NS_PER_S;
    expect(scene.in(server({ flags: ACK, sequence: 501, acknowledgment: 101 }))).toBe('pass');
    const opening = new Scene(PASS_WEB);
    opening.out(client({ flags: SYN, sequence: 100 }));
    opening.now += 61 * NS_PER_S;
    expect(opening.in(server({ flags: SYN | ACK, sequence: 500, acknowledgment: 101 }))).toBe('block');
  });

  test('what lies outside of the windows is blocked, and a rule can tell it', () => {
    const scene = opened();
    expect(scene.in(server({ flags: ACK, sequence: 501 + 1001, acknowledgment: 101, payloadOctets: 1 }))).toBe('block');
    expect(scene.in(server({ flags: RST, sequence: 900_000 }))).toBe('block');
    expect(scene.in(server({ flags: ACK, sequence: 501, acknowledgment: 5000 }))).toBe('block');
    expect(scene.in(server({ flags: ACK, sequence: 501 - 2000, acknowledgment: 101 }))).toBe('block');
    expect(scene.in(server({ flags: ACK, sequence: 501 + 900, acknowledgment: 101, payloadOctets: 100 }))).toBe('pass');
    const lenient = opened(`${PASS_WEB}\npass in proto tcp all with oow`);
    expect(lenient.in(server({ flags: ACK, sequence: 900_000, acknowledgment: 101 }))).toBe('pass');
  });

  test('a SYN-ACK that answers another SYN is blocked', () => {
    const scene = new Scene(PASS_WEB);
    scene.out(client({ flags: SYN, sequence: 100 }));
    expect(scene.in(server({ flags: SYN | ACK, sequence: 500, acknowledgment: 102 }))).toBe('block');
    expect(scene.in(server({ flags: SYN | ACK, sequence: 500, acknowledgment: 101 }))).toBe('pass');
  });

  test('windows are scaled when both ends say so', () => {
    const scale = [3, 3, 4, 0];
    const none: number[] = [];
    for (const [own, verdict] of [
      [scale, 'pass'],
      [none, 'block'],
    ] as const) {
      const scene = new Scene(PASS_WEB);
      scene.out(client({ flags: SYN, sequence: 100, options: scale }));
      scene.in(server({ flags: SYN | ACK, sequence: 500, acknowledgment: 101, options: own }));
      scene.out(client({ flags: ACK, sequence: 101, acknowledgment: 501 }));
      const far = server({ flags: ACK, sequence: 501 + 15_000, acknowledgment: 101, payloadOctets: 1000 });
      expect(scene.in(far)).toBe(verdict);
    }
  });

  test('a reset ends it; a new SYN begins anew', () => {
    const scene = opened();
    expect(scene.in(server({ flags: RST, sequence: 501 }))).toBe('pass');
    expect(scene.out(client({ flags: SYN, sequence: 77_000_000 }))).toBe('pass');
    expect(scene.in(server({ flags: SYN | ACK, sequence: 5, acknowledgment: 77_000_001 }))).toBe('pass');
    expect(scene.filter.counters().states).toBe(1);
  });

  test('sequence numbers go round', () => {
    const scene = new Scene(PASS_WEB);
    scene.out(client({ flags: SYN, sequence: 0xffffff00 }));
    scene.in(server({ flags: SYN | ACK, sequence: 0xfffffff0, acknowledgment: 0xffffff01 }));
    expect(
      scene.out(client({ flags: ACK, sequence: 0xffffff01, acknowledgment: 0xfffffff1, payloadOctets: 500 })),
    ).toBe('pass');
    expect(scene.in(server({ flags: ACK, sequence: 0xfffffff1, acknowledgment: 0xf5, payloadOctets: 100 }))).toBe(
      'pass',
    );
    expect(scene.out(client({ flags: ACK, sequence: 0xf5, acknowledgment: 0x55 }))).toBe('pass');
  });

  test('strict: no segment before the one in front of it', () => {
    const scene = opened('pass out quick proto tcp from any to any port = 80 flags S/SA keep state (strict)');
    expect(scene.in(server({ flags: ACK, sequence: 601, acknowledgment: 101, payloadOctets: 10 }))).toBe('block');
    expect(scene.in(server({ flags: ACK, sequence: 501, acknowledgment: 101, payloadOctets: 100 }))).toBe('pass');
    expect(scene.in(server({ flags: ACK, sequence: 601, acknowledgment: 101, payloadOctets: 10 }))).toBe('pass');
  });

  test('a connection picked up in the middle, with windows of any scale', () => {
    const scene = new Scene('pass out proto tcp all keep state');
    expect(scene.out(client({ flags: ACK, sequence: 5000, acknowledgment: 9000, payloadOctets: 10 }))).toBe('pass');
    expect(scene.in(server({ flags: ACK, sequence: 9000, acknowledgment: 5010, payloadOctets: 1400 }))).toBe('pass');
    expect(scene.in(server({ flags: ACK, sequence: 10_400, acknowledgment: 5010, payloadOctets: 1400 }))).toBe('pass');
  });

  test('a stateful rule passes nothing that cannot be tracked', () => {
    const scene = new Scene('pass out proto tcp all keep state');
    expect(scene.out(client({ flags: RST, sequence: 1 }))).toBe('block');
    expect(scene.out(client({ flags: SYN | FIN, sequence: 1 }))).toBe('block');
  });
});

describe('fragments', () => {
  const first = udp({ fragment: { offset: 0, more: true, identification: 9 }, payloadOctets: 1472 });
  const later = udp({ fragment: { offset: 1480, more: false, identification: 9 }, payloadOctets: 100 });

  test('keep frags lets later ones follow their first one, where it went', () => {
    const scene = new Scene('pass in on net0 proto udp from any to any port = 53 keep frags');
    expect(scene.in(later)).toBe('block');
    expect(scene.in(first)).toBe('pass');
    expect(scene.in(later)).toBe('pass');
    expect(scene.in(later, NET1)).toBe('block');
    expect(scene.in(udp({ fragment: { offset: 1480, more: false, identification: 10 } }))).toBe('block');
    scene.now += 61 * NS_PER_S;
    expect(scene.in(later)).toBe('block');
  });

  test('of IPv6', () => {
    const scene = new Scene('pass in proto udp from any to any port = 53 keep frags');
    const v6 = { source: '2001:db8::1', destination: '2001:db8::2' };
    expect(scene.in({ ...first, ...v6 })).toBe('pass');
    expect(scene.in({ ...later, ...v6 })).toBe('pass');
  });

  test('strict: in their order', () => {
    const scene = new Scene('pass in proto udp from any to any port = 53 keep frags (strict)');
    const middle = udp({ fragment: { offset: 1480, more: true, identification: 9 }, payloadOctets: 1480 });
    const last = udp({ fragment: { offset: 2960, more: false, identification: 9 }, payloadOctets: 100 });
    scene.in(first);
    expect(scene.in(last)).toBe('block');
    expect(scene.in(middle)).toBe('pass');
    expect(scene.in(last)).toBe('pass');
  });

  test('with keep state, the fragments of every packet of the flow', () => {
    const scene = new Scene('pass out proto udp from any to any port = 53 keep state keep frags');
    expect(scene.out(first)).toBe('pass');
    expect(scene.out(later)).toBe('pass');
    expect(scene.in(answerTo(first))).toBe('pass');
    expect(scene.in(answerTo(later))).toBe('pass');
  });
});
