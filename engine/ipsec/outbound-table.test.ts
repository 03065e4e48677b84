import { describe, expect, test } from 'vitest';
import { addressOf } from '../wire/testing/must.ts';
import { Prng } from '../wire/testing/prng.ts';
import { isFlow, OutboundTable, serves, type WantedSa } from './outbound-table.ts';
import type { OutboundSa } from './sa.ts';
import { saInput } from './testing/sa-pair.ts';
import { createOutboundSa } from './sa-input.ts';
import { Sad } from './sad.ts';
import { ANYTHING, type Flow } from './selector.ts';
import {
  createPolicy,
  createSelector,
  type PolicyAction,
  protectBy,
  type SelectorInput,
  type Transform,
} from './spd.ts';

const HOSTS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
const PORTS = [80, 443, 1000];

function tcp(source: string, destination: string, sourcePort = 1000, destinationPort = 80): Flow {
  const [from, to] = [addressOf(source), addressOf(destination)];
  return { source: from, destination: to, protocol: 6, sourcePort, destinationPort, icmp: null };
}

const exactly = (source: string, destination: string, sourcePort = 1000, destinationPort = 80): SelectorInput => ({
  local: source,
  remote: destination,
  protocol: 6,
  localPort: sourcePort,
  remotePort: destinationPort,
});

let nextSpi = 1000;
function sa(changes: Parameters<typeof saInput>[1] = {}): OutboundSa {
  return createOutboundSa(saInput('aes128gcm16', { spi: nextSpi++, ...changes }), 0);
}

function asking(changes: Partial<Transform> = {}, sharing: 'shared' | 'unique' = 'shared'): PolicyAction {
  const [transform] = protectBy('esp', 'tunnel').transforms;
  if (transform === undefined) throw new Error('none');
  return { kind: 'protect', transforms: [{ ...transform, ...changes }], sharing };
}

const policy = (name: string, action: PolicyAction) => createPolicy({ ...ANYTHING, name, action });
const FLOW = tcp('10.0.0.1', '10.0.0.2');

describe('which SA serves', () => {
  test('its own before a shared one, however old', () => {
    const sad = new Sad();
    const [own, shared] = [sa({ policy: 'p' }), sa({ policy: null })];
    sad.install(own);
    sad.install(shared);
    expect(sad.outbound(policy('p', asking()), 0, null, FLOW)).toBe(own);
    expect(sad.outbound(policy('q', asking()), 0, null, FLOW)).toBe(shared);
    sad.delete(own.spi, 'outbound');
    expect(sad.outbound(policy('p', asking()), 0, null, FLOW)).toBe(shared);
  });

  test('each transform of a bundle has its own', () => {
    const sad = new Sad();
    const [inner, outer] = [sa({ transform: 0 }), sa({ transform: 1, mode: 'transport' })];
    sad.install(inner);
    sad.install(outer);
    const transforms = [...protectBy('esp', 'tunnel').transforms, ...protectBy('esp', 'transport').transforms];
    const bundle = policy('p', { kind: 'protect', transforms, sharing: 'shared' });
    expect(sad.outbound(bundle, 0, null, FLOW)).toBe(inner);
    expect(sad.outbound(bundle, 1, null, FLOW)).toBe(outer);
    expect(() => sad.outbound(bundle, 2, null, FLOW)).toThrow(/no transform 2/);
  });

  test('a shared one of the same protocol, mode, ends and number', () => {
    const sad = new Sad();
    const shared = sa({ policy: null, requestId: 7 });
    sad.install(shared);
    const find = (changes: Partial<Transform>, ends: [string, string] | null = null) => {
      const between = ends === null ? null : { source: addressOf(ends[0]), destination: addressOf(ends[1]) };
      return sad.outbound(policy('p', asking(changes)), 0, between, FLOW);
    };
    expect(find({})).toBe(shared);
    expect(find({ requestId: 7 }, ['192.0.2.1', '198.51.100.1'])).toBe(shared);
    expect(find({ requestId: 8 })).toBeNull();
    expect(find({ protocol: 'ah' })).toBeNull();
    expect(find({ mode: 'transport' })).toBeNull();
    expect(find({}, ['198.51.100.1', '192.0.2.1'])).toBeNull();
    expect(find({}, ['192.0.2.1', '198.51.100.2'])).toBeNull();
  });

  test('one that is for a part of the flows, for those', () => {
    const sad = new Sad();
    const [all, part] = [sa(), sa({ selector: { ...ANYTHING, remote: '10.0.0.2' } })];
    sad.install(all);
    sad.install(part);
    expect(sad.outbound(policy('p', asking()), 0, null, FLOW)).toBe(part);
    expect(sad.outbound(policy('p', asking()), 0, null, tcp('10.0.0.1', '10.0.0.3'))).toBe(all);
  });

  test('a policy of unique SAs takes only the one for this very flow', () => {
    const sad = new Sad();
    const mine = sa({ selector: exactly('10.0.0.1', '10.0.0.2') });
    for (const other of [mine, sa(), sa({ selector: { ...exactly('10.0.0.1', '10.0.0.2'), localPort: 'any' } })]) {
      sad.install(other);
    }
    const unique = policy('p', asking({}, 'unique'));
    expect(sad.outbound(unique, 0, null, FLOW)).toBe(mine);
    expect(sad.outbound(unique, 0, null, tcp('10.0.0.1', '10.0.0.2', 1001))).toBeNull();
  });
});

test.each<[string, Partial<SelectorInput>, Partial<Flow>, boolean]>([
  ['all of it', {}, {}, true],
  ['any port', { remotePort: 'any' }, {}, false],
  ['two ports', { remotePort: [[80, 81]] }, {}, false],
  ['any protocol', { protocol: 'any' }, {}, false],
  ['a net', { remote: '10.0.0.2/31' }, {}, false],
  ['any port, where there is none', { protocol: 47, localPort: 'any', remotePort: 'any' }, { ...bare(47) }, true],
  ['opaque ports of a fragment', { localPort: 'opaque', remotePort: 'opaque' }, { ...bare(6) }, true],
  ['echo requests', { protocol: 1, localPort: 'any', remotePort: 'any', icmp: 2048 }, { ...bare(1), icmp: 2048 }, true],
  ['any ICMP', { protocol: 1, localPort: 'any', remotePort: 'any' }, { ...bare(1), icmp: 2048 }, false],
])('the selector of one flow: %s', (_what, changes, shown, expected) => {
  const selector = createSelector({ ...exactly('10.0.0.1', '10.0.0.2'), ...changes }, 'a test');
  expect(isFlow(selector, { ...FLOW, ...shown })).toBe(expected);
});

function bare(protocol: number): Partial<Flow> {
  return { protocol, sourcePort: null, destinationPort: null };
}

test('the SA that a quoted packet was sent by, also to a peer that has moved behind a NAT', () => {
  const sad = new Sad();
  const encapsulation = { localPort: 4500, remotePort: 4500, followsPeer: true };
  const [plain, moved] = [sa({ spi: 5000 }), sa({ spi: 5000, destination: '198.51.100.2', encapsulation })];
  sad.install(plain);
  sad.install(moved);
  expect(sad.sentBy(5000, addressOf('198.51.100.1'), 'esp')).toBe(plain);
  expect(sad.sentBy(5000, addressOf('198.51.100.9'), 'esp')).toBeNull();
  if (moved.encapsulation !== null) moved.encapsulation.remoteAddress = addressOf('198.51.100.9');
  expect(sad.sentBy(5000, addressOf('198.51.100.9'), 'esp')).toBe(moved);
  expect(sad.sentBy(5000, addressOf('198.51.100.1'), 'ah')).toBeNull();
  expect(sad.sentBy(5001, addressOf('198.51.100.1'), 'esp')).toBeNull();
});

/** SAs of all kinds between few ends, for few flows, so that most questions have several answers. */
function randomSa(prng: Prng): OutboundSa {
  const selectors: (SelectorInput | null)[] = [
    null,
    exactly(prng.pick(HOSTS), prng.pick(HOSTS), 1000, prng.pick(PORTS)),
    { ...ANYTHING, remote: `${prng.pick(HOSTS)}/31` },
    { ...ANYTHING, local: prng.pick(HOSTS), remote: prng.pick(HOSTS), protocol: 6 },
    { ...ANYTHING, protocol: 6, remotePort: [[1, prng.pick(PORTS)]] },
  ];
  return sa({
    policy: null,
    mode: prng.pick(['tunnel', 'transport']),
    source: prng.pick(HOSTS),
    destination: prng.pick(HOSTS),
    requestId: prng.pick([null, 1, 2]),
    selector: prng.flip() ? null : prng.pick(selectors),
  });
}

function randomQuestion(prng: Prng): WantedSa {
  const [source, destination] = [addressOf(prng.pick(HOSTS)), addressOf(prng.pick(HOSTS))];
  return {
    transform: {
      protocol: prng.below(10) === 0 ? 'ah' : 'esp',
      mode: prng.pick(['tunnel', 'transport']),
      requestId: prng.pick([null, 1, 2]),
    },
    sharing: prng.below(4) === 0 ? 'unique' : 'shared',
    ends: prng.flip() ? null : { source, destination },
    flow: prng.below(8) === 0 ? null : tcp(prng.pick(HOSTS), prng.pick(HOSTS), 1000, prng.pick(PORTS)),
  };
}

describe('among many', () => {
  test.each([1, 5, 30, 300])('%d SAs: the newest of those that serve, while they come and go', count => {
    const prng = new Prng(count);
    const table = new OutboundTable();
    const installed: OutboundSa[] = [];
    for (let round = 0; round < count * 2 + 20; round++) {
      if (installed.length < count || prng.flip()) {
        const added = randomSa(prng);
        installed.push(added);
        table.add(added);
      } else {
        const [gone] = installed.splice(prng.below(installed.length), 1);
        if (gone !== undefined) table.remove(gone);
      }
      for (let i = 0; i < 5; i++) {
        const question = randomQuestion(prng);
        expect(table.newest(question)).toBe(installed.findLast(candidate => serves(candidate, question)) ?? null);
      }
    }
    for (const gone of installed) table.remove(gone);
    expect(table.isEmpty).toBe(true);
  });
});
