import type { ChildSaStatus, IkeSaStatus } from '../../engine/ike/status.ts';
import { createTripwire } from '../../lab/capture/tripwire.ts';
import type { LabEvent, RunningLab } from '../../lab/drivers/driver.ts';
import { createNetnsDriver } from '../../lab/drivers/netns/netns-driver.ts';
import { charonLog } from '../../lab/drivers/netns/strongswan/charon.ts';
import { loadTopology } from '../../lab/topology/load.ts';
import type { Topology } from '../../lab/topology/model.ts';
import type { InteropCase } from './cases.ts';
import { topologyText } from './topology-text.ts';

export interface TrialResult {
  readonly name: string;
  /** What was expected and was not so, one sentence each. */
  readonly findings: readonly string[];
  readonly milliseconds: number;
}

const PATIENCE_MS = 20_000;
const REFUSAL_MS = 4000;
const PAUSE_MS = 25;

/** Plays one case, inside a pod: both agree, packets pass both ways while either rekeys what there is, and none is lost. */
export async function trial(one: InteropCase): Promise<TrialResult> {
  const began = performance.now();
  const findings: string[] = [];
  const events: LabEvent[] = [];
  const topology = load(one);
  const tripwire = createTripwire(topology.protectedFlows);
  const lab = await createNetnsDriver().up(topology, {
    runId: process.env['IPSEC_LAB_RUN'] ?? 'interop',
    seed: '',
    onPacket: packet => tripwire.see(packet),
    onEvent: event => events.push(event),
  });
  try {
    const scene = { lab, one, events };
    findings.push(...(one.expect === 'refused' ? await expectRefusal(scene) : await expectPartnership(scene)));
  } catch (error) {
    findings.push(error instanceof Error ? error.message : String(error));
  }
  if (findings.length > 0) findings.push(...lastWords(events), ...(await dropsOf(lab)), ...(await complaintsOf(lab)));
  await lab.down();
  if (tripwire.report().tripped) findings.push('a protected flow was seen in the clear');
  return { name: one.name, findings, milliseconds: performance.now() - began };
}

interface Scene {
  readonly lab: RunningLab;
  readonly one: InteropCase;
  readonly events: readonly LabEvent[];
}

interface Pair {
  readonly engine: { readonly ike: IkeSaStatus; readonly child: ChildSaStatus };
  readonly other: { readonly ike: IkeSaStatus; readonly child: ChildSaStatus };
}

function load(one: InteropCase): Topology {
  const { topology, diagnostics } = loadTopology('interop.yaml', topologyText(one));
  if (topology === null) throw new Error(`${one.name}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return topology;
}

async function expectRefusal({ lab, events }: Scene): Promise<string[]> {
  await lab.sleep(REFUSAL_MS);
  const installed = (await lab.ike()).flatMap(({ status }) => status.sas).filter(({ children }) => children.length > 0);
  const refusals = events.filter(({ kind }) => kind === 'authenticationFailed');
  return [
    ...(installed.length === 0 ? [] : ['a Child SA came up']),
    ...(refusals.length > 0 ? [] : ['the engine has not said that authentication failed']),
  ];
}

async function expectPartnership(scene: Scene): Promise<string[]> {
  const { lab, one } = scene;
  const first = await agreed(scene, () => true);
  const findings = suiteFindings(first, one);
  const traffic = [ping(lab, 'a1', '10.0.1.2'), ping(lab, 'b1', '10.0.0.2')];
  let pair = first;
  for (const node of ['alice', 'bob'] as const) {
    const before = pair;
    const own = node === 'alice' ? before.engine : before.other;
    await lab.ikeCommand(node, { kind: 'rekey', child: own.child.name });
    pair = await agreed(scene, now => now.engine.child.spiIn !== before.engine.child.spiIn);
  }
  for (const node of ['alice', 'bob'] as const) {
    const before = pair;
    const own = node === 'alice' ? before.engine : before.other;
    await lab.ikeCommand(node, { kind: 'rekey', ike: own.ike.connection });
    pair = await agreed(scene, now => now.engine.ike.initiatorSpi !== before.engine.ike.initiatorSpi);
  }
  for (const each of traffic) {
    const said = await each.end();
    if (!/ 0% packet loss/.test(said)) findings.push(`${each.name}: ${said.match(/.*packet loss.*/)?.[0] ?? said}`);
  }
  return findings;
}

/** Waits until both have the same single IKE SA and Child SA, and `isIt` holds. Throws when that does not come. */
async function agreed({ lab }: Scene, isIt: (pair: Pair) => boolean): Promise<Pair> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const pair = pairOf(await lab.ike());
    if (pair !== null && isIt(pair)) return pair;
    if (performance.now() > until) {
      const seen = (await lab.ike()).map(({ node, status }) => `${node}: ${status.sas.map(describeSa).join(', ')}`);
      throw new Error(`no agreement in ${PATIENCE_MS / 1000} s: ${seen.join('; ')}`);
    }
    await lab.sleep(PAUSE_MS);
  }
}

function pairOf(all: Awaited<ReturnType<RunningLab['ike']>>): Pair | null {
  const sides = ['alice', 'bob'].map(name => {
    const sas = all.find(({ node }) => node === name)?.status.sas ?? [];
    const [ike, ...moreIke] = sas.filter(({ state }) => state === 'established');
    const [child, ...moreChildren] = (ike?.children ?? []).filter(({ state }) => state === 'installed');
    if (ike === undefined || child === undefined || moreIke.length + moreChildren.length > 0) return null;
    return { ike, child };
  });
  const [engine, other] = sides;
  if (engine === undefined || engine === null || other === undefined || other === null) return null;
  const isSame = engine.ike.initiatorSpi === other.ike.initiatorSpi && engine.child.spiIn === other.child.spiOut;
  return isSame && engine.child.spiOut === other.child.spiIn ? { engine, other } : null;
}

function suiteFindings({ engine, other }: Pair, one: InteropCase): string[] {
  const findings: string[] = [];
  const said = `${engine.ike.suite} and ${engine.child.suite}; strongSwan: ${other.ike.suite} and ${other.child.suite}`;
  const ike = one.ike.split('-');
  if (!ike.every(word => (engine.ike.suite ?? '').split('-').includes(word)))
    findings.push(`another IKE suite: ${said}`);
  if (!engine.child.suite.startsWith(one.esp)) findings.push(`another ESP suite: ${said}`);
  const isInUdp = engine.child.encapsulated;
  if (!isInUdp) findings.push('ESP is not in UDP, which is all that libipsec has');
  if (one.isNarrowed && engine.child.remote.some(text => text.includes('10.0.255')))
    findings.push('nothing was narrowed');
  return findings;
}

/** A real `ping` that goes on until somebody ends it. */
function ping(lab: RunningLab, from: string, to: string): { readonly name: string; end(): Promise<string> } {
  const stop = new AbortController();
  let said = '';
  // SIGINT, so that it sums up; execution ends it by SIGTERM otherwise.
  const argv = ['sh', '-c', `trap 'kill -INT $p' TERM; ping -i 0.02 -q ${to} & p=$!; wait $p; wait $p`];
  const hear = (octets: Uint8Array): void => {
    said += Buffer.from(octets).toString();
  };
  const ended = lab.exec(from, argv, { stdin: null, stdout: hear, stderr: hear, signal: stop.signal });
  return {
    name: `ping ${from} -> ${to}`,
    end: async () => {
      // What is under way may still arrive.
      await lab.sleep(200);
      stop.abort();
      await ended;
      return said;
    },
  };
}

const describeSa = ({ state, initiatorSpi, children }: IkeSaStatus): string =>
  `${initiatorSpi} ${state} (${children.map(child => `${child.spiIn.toString(16)} ${child.state}`).join(' ')})`;

/** What strongSwan has said of packets that it could not send or take. */
async function complaintsOf(lab: RunningLab): Promise<string[]> {
  let log = '';
  const hear = (octets: Uint8Array): void => {
    log += Buffer.from(octets).toString();
  };
  await lab.exec('bob', ['cat', charonLog('bob')], { stdin: null, stdout: hear, stderr: hear, signal: null });
  return log
    .split('\n')
    .filter(line => /\[ESP\]|\[KNL\].*(?:fail|unable|no )/.test(line))
    .slice(-8)
    .map(line => `  bob's log: ${line}`);
}

async function dropsOf(lab: RunningLab): Promise<string[]> {
  const engines = (await lab.status()).filter(({ drops }) => Object.keys(drops).length > 0);
  return engines.map(({ name, drops }) => `  ${name} dropped: ${JSON.stringify(drops)}`);
}

const lastWords = (events: readonly LabEvent[]): string[] =>
  events.slice(-6).map(({ node, kind, detail }) => `  ${node}: ${kind}: ${detail}`);
