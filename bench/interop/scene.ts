import type { ChildSaStatus, IkeSaStatus } from '../../engine/ike/status.ts';
import type { LabEvent, RunningLab } from '../../lab/drivers/driver.ts';
import { plutoKeys, plutoLog } from '../../lab/drivers/netns/libreswan/pluto.ts';
import { charonLog } from '../../lab/drivers/netns/strongswan/charon-place.ts';
import type { InteropCase } from './case.ts';

/** A case while it is played. */
export interface Scene {
  readonly lab: RunningLab;
  readonly one: InteropCase;
  readonly events: readonly LabEvent[];
}

/** One IKE SA as both see it, with its Child SAs in the order of the engine. */
export interface Pair {
  readonly engine: IkeSaStatus;
  readonly other: IkeSaStatus;
}

const PATIENCE_MS = 25_000;
const PAUSE_MS = 25;

/** Waits until both have the same single IKE SA and the same Child SAs, and `isIt` holds. Throws when that does not come. */
export async function agreed({ lab, one }: Scene, isIt: (pair: Pair) => boolean = () => true): Promise<Pair> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const pair = pairOf(await lab.ike(), one.children);
    if (pair !== null && isIt(pair)) return pair;
    if (performance.now() > until) {
      const seen = (await lab.ike()).map(({ node, status }) => `${node}: ${status.sas.map(describeSa).join(', ')}`);
      throw new Error(`no agreement in ${PATIENCE_MS / 1000} s: ${seen.join('; ')}`);
    }
    await lab.sleep(PAUSE_MS);
  }
}

/** Waits for an event of the engine. Throws when it does not come. */
export async function told({ lab, events }: Scene, kind: string, after = 0): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!events.slice(after).some(event => event.kind === kind)) {
    if (performance.now() > until) throw new Error(`no ${kind} in ${PATIENCE_MS / 1000} s`);
    await lab.sleep(PAUSE_MS);
  }
}

function pairOf(all: Awaited<ReturnType<RunningLab['ike']>>, children: number): Pair | null {
  const [engine, other] = ['alice', 'bob'].map(name => {
    const sas = all.find(({ node }) => node === name)?.status.sas ?? [];
    const [ike, ...more] = sas.filter(({ state }) => state === 'established');
    return ike === undefined || more.length > 0 ? null : { ...ike, children: ike.children.filter(isInstalled) };
  });
  if (engine === undefined || engine === null || other === undefined || other === null) return null;
  // Not everybody tells it.
  if (!['', engine.initiatorSpi].includes(other.initiatorSpi) || engine.children.length !== children) return null;
  const partners = engine.children.map(child => other.children.find(({ spiIn }) => spiIn === child.spiOut));
  const isSame = partners.every((partner, index) => partner?.spiOut === engine.children[index]?.spiIn);
  // Of IKEv1 each may keep what it has replaced: whoever does not tell of that has no more than the engine's.
  const isWhole = other.initiatorSpi === '' || other.children.length === children;
  return isSame && isWhole ? { engine, other } : null;
}

const isInstalled = ({ state }: ChildSaStatus): boolean => state === 'installed';

const describeSa = ({ state, initiatorSpi, children }: IkeSaStatus): string =>
  `${initiatorSpi} ${state} (${children.map(child => `${child.spiIn.toString(16)} ${child.state}`).join(' ')})`;

/** What a command on a node prints. */
export async function saidBy(lab: RunningLab, node: string, argv: readonly string[]): Promise<string> {
  let said = '';
  const hear = (octets: Uint8Array): void => {
    said += Buffer.from(octets).toString();
  };
  await lab.exec(node, argv, { stdin: null, stdout: hear, stderr: hear, signal: null });
  return said;
}

/** What bob's daemon has written until now. */
export function logOf({ lab, one }: Pick<Scene, 'lab' | 'one'>): Promise<string> {
  return saidBy(lab, 'bob', ['cat', one.other === 'libreswan' ? plutoLog('bob') : charonLog('bob')]);
}

/** The keys of a Child SA of bob's libreswan, hexadecimal. */
export interface KeysOfBob {
  readonly spi: number;
  readonly encryptionKey: string;
  readonly integrityKey?: string;
}

/** Of all Child SAs that bob's libreswan has had. */
export async function keysOfBob(lab: RunningLab): Promise<readonly KeysOfBob[]> {
  const lines = (await saidBy(lab, 'bob', ['cat', plutoKeys('bob')])).split('\n');
  return lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line) as KeysOfBob);
}
