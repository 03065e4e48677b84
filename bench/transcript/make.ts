import type { IkeSecrets } from '../../engine/ike/daemon.ts';
import type { SaInput } from '../../engine/ipsec/sa-input.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { createIkePair, type PairEnd } from '../ike-pair.ts';
import { pairConfigs } from '../ike-pair-config.ts';
import type { TranscriptPlan } from './plans.ts';
import { createSeededDraws } from './seeded-draws.ts';
import { createTranscriber } from './transcriber.ts';
import type { Transcript, TranscribedAuthentication } from './transcript.ts';

const SETTLE_MS = 20_000;

/**
 * Runs two daemons by a plan. Same plan and seed, same transcript. Throws when the daemons do not connect, or when they have
 * other keys than those that follow from their messages.
 */
export function makeTranscript({ name, title, pair: plan, afterwards }: TranscriptPlan, seed: string): Transcript {
  const ends: readonly PairEnd[] = ['initiator', 'responder'];
  const [initiator, responder] = ends.map(end => createSeededDraws(`${seed}/${name}/${end}`));
  if (initiator === undefined || responder === undefined) throw new Error('two ends');
  const configs = pairConfigs(plan, createSeededDraws(`${seed}/${name}/keys`));
  const draws = { initiator, responder };
  const transcriber = createTranscriber(draws);
  const revealed: IkeSecrets[] = [];
  const installed: SaInput[] = [];
  const events: string[] = [];
  const pair = createIkePair(configs, draws, {
    sent: (from, datagram) => transcriber.sent(from, datagram),
    revealed: (_, secrets) => void revealed.push(secrets),
    commanded: (_, command) => void (command.kind === 'installSa' && installed.push(command.sa)),
    noted: (end, { kind, detail }) => void events.push(`${end}: ${kind} ${detail}`),
  });
  pair.settle(SETTLE_MS);
  afterwards?.(pair);
  const { ikeSas, childSas, messages } = transcriber.result();
  if (childSas.length === 0) throw new Error(`${name}: they did not connect: ${events.join('; ')}`);
  expectSame(`${name}: keys of IKE SAs`, revealed.map(ikeKeys), ikeSas.map(ikeKeys));
  expectSame(
    `${name}: keys of SAs`,
    installed.map(sa => `${formatSpi(sa.spi)} ${sa.encryptionKey} ${sa.integrityKey}`),
    childSas.flatMap(sa => [
      `0x${sa.responderSpi} ${sa.initiatorEncryption} ${sa.initiatorIntegrity}`,
      `0x${sa.initiatorSpi} ${sa.responderEncryption} ${sa.responderIntegrity}`,
    ]),
  );
  return { name, title, seed, authentication: authenticationOf(configs), ikeSas, childSas, messages };
}

function ikeKeys(sa: Pick<IkeSecrets, 'initiatorSpi' | 'responderSpi' | 'skEi' | 'skEr' | 'skAi' | 'skAr'>): string {
  return [sa.initiatorSpi, sa.responderSpi, sa.skEi, sa.skEr, sa.skAi, sa.skAr].join(' ');
}

/** Both ends have them, so each occurs twice among those of the daemons. */
function expectSame(what: string, theirs: readonly string[], ours: readonly string[]): void {
  const [known, derived] = [new Set(theirs), new Set(ours)];
  const missing =
    [...known].filter(one => !derived.has(one)).length + [...derived].filter(one => !known.has(one)).length;
  if (missing > 0 || theirs.length !== 2 * derived.size) {
    throw new Error(`${what}: ${theirs.length} in the daemons, ${derived.size} derived, ${missing} of them different`);
  }
}

function authenticationOf({ initiator, responder }: ReturnType<typeof pairConfigs>): TranscribedAuthentication {
  const [initiatorKey, responderKey] = [initiator, responder].map(({ credentials }) => credentials.keys[0]?.pkcs8);
  if (initiatorKey !== undefined && responderKey !== undefined) {
    return { method: 'signature', initiatorKey, responderKey };
  }
  return { method: 'psk', secret: initiator.secrets[0]?.secret ?? '' };
}
