import type { FaultAction } from '../../lab/topology/model.ts';
import type { Play } from './case.ts';
import { agreed, keysOfBob, logOf, type Pair, saidBy, type Scene, told } from './scene.ts';
import { pings, stream, type Traffic } from './traffic.ts';

/** Plays what a case is about, and says what was not as it should be. Throws when both never agree. */
export const PLAYS: Readonly<Record<Play, (scene: Scene) => Promise<string[]>>> = {
  rekeys: scene => underTraffic(scene, rekeyAll),
  refusal: expectRefusal,
  reauthenticates: reauthenticateAll,
  'crash of bob': scene => recovery(scene, 'peerFailed', () => crash(scene, 'bob')),
  'crash of alice': scene => recovery(scene, null, () => crash(scene, 'alice')),
  'bob stops': scene => recovery(scene, 'peerFailed', () => freeze(scene)),
  'alice moves': scene => move(scene, 'alice', '192.0.2.11'),
  'bob moves': scene => move(scene, 'bob', '192.0.2.12'),
  'mapping changes': mappingChanges,
  'address for alice': scene => addressFor(scene, 'alice', '10.0.1.2'),
  'address for bob': scene => addressFor(scene, 'bob', '10.0.0.2'),
  'cookie of bob': cookieOfBob,
  tcp: overTcp,
  'same keys': sameKeys,
};

const REFUSAL_MS = 4000;
const HALF_OPEN_MS = 300;
const TWO_CHECKS_MS = 2500;
const PATIENCE_MS = 10_000;
/** The hosts of the first two networks of either side. */
const HOSTS = [
  { alice: ['a1', '10.0.0.2'], bob: ['b1', '10.0.1.2'] },
  { alice: ['a2', '10.0.2.2'], bob: ['b2', '10.0.3.2'] },
] as const;

async function expectRefusal(scene: Scene): Promise<string[]> {
  const { lab, one, events } = scene;
  await lab.sleep(REFUSAL_MS);
  const installed = (await lab.ike()).flatMap(({ status }) => status.sas).filter(({ children }) => children.length > 0);
  const refusals = events.filter(({ kind }) => kind === 'authenticationFailed');
  const isOld = one.group.startsWith('IKEv1');
  // In IKEv1 whoever is refused may not be told, or nobody can say whether it was the peer who told it.
  const isSaid =
    refusals.length > 0 || /fail|revoked|mismatch|invalid HASH|could not decrypt/i.test(await logOf(scene));
  return [
    ...(installed.length === 0 ? [] : ['a Child SA came up']),
    ...((isOld ? isSaid : refusals.length > 0) ? [] : ['nobody has said that authentication failed']),
  ];
}

/** Both agree on what the case wants, and not a packet is lost in either direction while `act` goes on. */
async function underTraffic(scene: Scene, act: (scene: Scene, first: Pair) => Promise<unknown>): Promise<string[]> {
  const first = await agreed(scene);
  return [...suiteFindings(first, scene), ...(await withoutLoss(scene, () => act(scene, first)))];
}

async function withoutLoss(scene: Scene, act: () => Promise<unknown>): Promise<string[]> {
  const traffic = bothWays(scene);
  await act();
  return endAll(traffic);
}

function bothWays({ lab, one }: Scene): Traffic[] {
  return HOSTS.slice(0, one.networks.length).flatMap(({ alice, bob }) => [
    pings(lab, alice[0], bob[1]),
    pings(lab, bob[0], alice[1]),
  ]);
}

async function endAll(traffic: readonly Traffic[]): Promise<string[]> {
  const findings: string[] = [];
  for (const each of traffic) findings.push(...(await each.end()));
  return findings;
}

/** Each child by the engine and by strongSwan, then the IKE SA by both. */
async function rekeyAll(scene: Scene, first: Pair): Promise<void> {
  let pair = first;
  for (const node of ['alice', 'bob'] as const) {
    const own = node === 'alice' ? pair.engine : pair.other;
    for (const { name } of own.children) {
      const before = pair.engine.children.map(({ spiIn }) => spiIn);
      await scene.lab.ikeCommand(node, { kind: 'rekey', child: name });
      const isNew = ({ engine }: Pair) => engine.children.filter(({ spiIn }) => !before.includes(spiIn)).length === 1;
      pair = await agreed(scene, isNew);
    }
  }
  for (const node of ['alice', 'bob'] as const) {
    const before = pair;
    const own = node === 'alice' ? before.engine : before.other;
    await scene.lab.ikeCommand(node, { kind: 'rekey', ike: own.connection });
    pair = await agreed(scene, ({ engine }) => engine.initiatorSpi !== before.engine.initiatorSpi);
  }
}

/**
 * A new IKE SA in the place of the old one, by each in turn. strongSwan sends by its new Child SA as soon as it has answered
 * IKE_AUTH, before the engine can know the keys, so packets count only once both have agreed.
 */
async function reauthenticateAll(scene: Scene): Promise<string[]> {
  let pair = await agreed(scene);
  const findings = suiteFindings(pair, scene);
  for (const node of ['alice', 'bob'] as const) {
    const before = pair;
    const own = node === 'alice' ? before.engine : before.other;
    await scene.lab.ikeCommand(node, { kind: 'reauthenticate', ike: own.connection });
    pair = await agreed(scene, ({ engine }) => engine.initiatorSpi !== before.engine.initiatorSpi);
    findings.push(...(await withoutLoss(scene, () => scene.lab.sleep(200))));
  }
  return findings;
}

/** What one end does is noticed by the other, and all is well again afterwards. */
async function recovery(
  scene: Scene,
  event: string | null,
  act: () => Promise<() => Promise<void>>,
): Promise<string[]> {
  const first = await agreed(scene);
  const before = scene.events.length;
  const restore = await act();
  if (event !== null) await told(scene, event, before);
  await restore();
  await agreed(scene, ({ engine }) => engine.initiatorSpi !== first.engine.initiatorSpi);
  return withoutLoss(scene, () => scene.lab.sleep(200));
}

async function crash({ lab }: Scene, node: string): Promise<() => Promise<void>> {
  await lab.fault({ kind: 'crash', node });
  return () => lab.fault({ kind: 'restart', node });
}

/** charon is there and says nothing. */
async function freeze({ lab }: Scene): Promise<() => Promise<void>> {
  const signal = (name: string) =>
    saidBy(lab, 'bob', ['sh', '-c', `kill -${name} $(cat /run/strongswan/bob/charon.pid)`]);
  await signal('STOP');
  return async () => void (await signal('CONT'));
}

/** Packets that meet the move get lost; those after it do not. */
async function move(scene: Scene, node: 'alice' | 'bob', address: string): Promise<string[]> {
  const addresses = [`${address}/24`];
  const fault: FaultAction = { kind: 'move', node, interface: 'net0', addresses, gateway: null };
  await agreed(scene);
  await scene.lab.fault(fault);
  const end = ({ engine }: Pair) => (node === 'alice' ? engine.local : engine.remote);
  const pair = await agreed(scene, now => end(now).startsWith(`${address}:`));
  return withoutLoss(scene, () => rekeyAll(scene, pair));
}

/** The NAT forgets; whoever is behind it goes on by another port, which the other end learns. */
async function mappingChanges(scene: Scene): Promise<string[]> {
  const { lab, one } = scene;
  const isAlice = one.path === 'alice behind a NAT';
  const seen = ({ engine, other }: Pair) => (isAlice ? other : engine).remote;
  const before = await agreed(scene);
  // strongSwan compares what a liveness check shows it with what the one before did.
  await lab.sleep(TWO_CHECKS_MS);
  await lab.fault({ kind: 'rebind', node: 'nat' });
  const pair = await agreed(scene, now => seen(now) !== seen(before));
  return withoutLoss(scene, () => rekeyAll(scene, pair));
}

/** Waits until the node's own programs send from the address that it was given: its kernel hears of it a moment later. */
async function hasAddress({ lab }: Scene, node: string, to: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!(await saidBy(lab, node, ['ip', 'route', 'get', to])).includes('src 10.9.0.')) {
    if (performance.now() > until) throw new Error(`programs of ${node} do not send from the given address`);
    await lab.sleep(20);
  }
}

async function addressFor(scene: Scene, node: 'alice' | 'bob', to: string): Promise<string[]> {
  const pair = await agreed(scene);
  const { engine, other } = pair;
  const findings = [engine, other].flatMap(({ virtualAddresses }, index) =>
    virtualAddresses.some(address => address.startsWith('10.9.0.'))
      ? []
      : [
          `${index === 0 ? 'alice' : 'bob'} knows of no address from the pool: ${virtualAddresses.join(', ') || 'none'}`,
        ],
  );
  await hasAddress(scene, node, to);
  const traffic = [pings(scene.lab, node, to)];
  await rekeyAll(scene, pair);
  return [...findings, ...(await endAll(traffic))];
}

/** Bob hears alice's first message and she not him: a half-open IKE SA, which is enough for him to ask for cookies. */
async function cookieOfBob(scene: Scene): Promise<string[]> {
  const { lab } = scene;
  // So that each knows the other's MAC address.
  await saidBy(lab, 'alice', ['ping', '-c', '1', '192.0.2.2']);
  await lab.fault({ kind: 'partition', link: 'wan', from: 'bob' });
  await lab.ikeCommand('alice', { kind: 'initiate', child: 'sites' });
  await lab.sleep(HALF_OPEN_MS);
  await lab.fault({ kind: 'heal', link: 'wan' });
  const findings = await PLAYS.rekeys(scene);
  const isAsked = /sending COOKIE|generating IKE_SA_INIT response 0 \[ N\(COOKIE\)/i.test(await logOf(scene));
  return [...findings, ...(isAsked ? [] : ['bob asked for no cookie'])];
}

async function overTcp(scene: Scene): Promise<string[]> {
  const { lab } = scene;
  const first = await agreed(scene);
  const traffic = [stream(lab, 'a1', 'b1', '10.0.1.2', 20_000_000), stream(lab, 'b1', 'a1', '10.0.0.2', 20_000_000)];
  await rekeyAll(scene, first);
  return endAll(traffic);
}

/** Each end has the keys of the other, at first and after each of them has rekeyed; libreswan does not by itself in IKEv1. */
async function sameKeys(scene: Scene): Promise<string[]> {
  const first = await agreed(scene);
  const findings = [...suiteFindings(first, scene), ...(await keyFindings(scene, first))];
  let pair = first;
  for (const node of first.engine.version === 2 ? (['alice', 'bob'] as const) : (['alice'] as const)) {
    const before = pair.engine.children.map(({ spiIn }) => spiIn);
    const [own] = node === 'alice' ? pair.engine.children : pair.other.children;
    await scene.lab.ikeCommand(node, { kind: 'rekey', child: own?.name ?? '' });
    pair = await agreed(scene, ({ engine }) => engine.children.every(({ spiIn }) => !before.includes(spiIn)));
    findings.push(...(await keyFindings(scene, pair)));
  }
  return findings;
}

async function keyFindings({ lab }: Scene, { engine }: Pair): Promise<string[]> {
  const theirs = await keysOfBob(lab);
  const ours = lab.keys();
  return engine.children
    .flatMap(({ spiIn, spiOut }) => [spiIn, spiOut])
    .flatMap(spi => {
      const [own, other] = [ours, theirs].map(all => all.findLast(one => one.spi === spi));
      if (own === undefined || other === undefined) return [`nobody knows the keys of ${spi.toString(16)}`];
      const isSame = own.encryptionKey === other.encryptionKey && own.integrityKey === (other.integrityKey ?? '');
      return isSame ? [] : [`the ends have different keys for ${spi.toString(16)}`];
    });
}

function suiteFindings({ engine, other }: Pair, { one }: Scene): string[] {
  const findings: string[] = [];
  const said = `${engine.suite} and ${engine.children[0]?.suite}; ${one.other}: ${other.suite} and ${other.children[0]?.suite}`;
  const words = (engine.suite ?? '').split('-');
  const wanted = [one.ike.alice, one.ike.bob].sort((one, two) => one.length - two.length)[0] ?? '';
  if (!wanted.split('-').every(word => words.includes(word))) findings.push(`another IKE suite: ${said}`);
  for (const child of engine.children) {
    if (!child.suite.startsWith(one.esp)) findings.push(`another ESP suite: ${said}`);
    if (one.other === 'strongswan' && !child.encapsulated)
      findings.push('ESP is not in UDP, which is all that libipsec has');
    if ([...child.local, ...child.remote].some(text => /10\.0\.255/.test(text))) findings.push('nothing was narrowed');
  }
  return findings;
}
