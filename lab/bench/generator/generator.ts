import { NS_PER_S } from '../../../engine/wire/instant.ts';
import { advanceRateSearch, type RateGoal, startRateSearch, type Trial, trialsMax } from '../rate-search.ts';
import type { FromReceiver, FromSender, SendOrder, ToReceiver } from './messages.ts';
import { Program } from './program.ts';
import {
  type FoundRate,
  type Generator,
  type GeneratorEnds,
  type GeneratorGround,
  SILENCE_SECONDS,
  type TrialOrder,
  type TrialResult,
} from './trial.ts';

type Sender = Program<SendOrder, FromSender>;
type Receiver = Program<ToReceiver, FromReceiver>;

/** Trials have numbers of 16 bits in their packets. */
const TRIALS = 2 ** 16;

/** Starts the generator's two programs; resolves when both are ready. They end with `ground.signal` too. */
export async function startGenerator(ground: GeneratorGround, ends: GeneratorEnds): Promise<Generator> {
  const start = (node: string, main: string) => ground.spawnOwn(node, `lab/bench/generator/${main}`);
  const sender: Sender = new Program('sender', start(ends.sender, 'sender-main'));
  const receiver: Receiver = new Program('receiver', start(ends.receiver, 'receiver-main'));
  const close = async (): Promise<void> => void (await Promise.all([sender.end(), receiver.end()]));
  ground.signal.addEventListener('abort', () => void close(), { once: true });
  try {
    await Promise.all([sender.hear('ready'), receiver.hear('ready')]);
  } catch (error) {
    await close();
    throw error;
  }
  let number = 0;
  return {
    trial: order => {
      number = (number + 2) % TRIALS;
      return runTrial(sender, receiver, order, number);
    },
    close,
  };
}

/**
 * Trials at the rates that a search asks for, until it ends. Where the generator fell short of a rate that it has reached before, somebody
 * kept it from running: that says little of the rate, and the search goes on, up to as many times as it takes trials.
 */
export async function searchRate(
  generator: Generator,
  goal: RateGoal,
  order: Omit<TrialOrder, 'rate'>,
): Promise<FoundRate> {
  const trials: TrialResult[] = [];
  let search = startRateSearch(goal);
  const hinderedMax = trialsMax(goal);
  let [reached, timesHindered] = [0, 0];
  while (search.kind === 'trying') {
    const { rate } = search;
    const result = await generator.trial({ ...order, rate });
    trials.push(result);
    reached = Math.max(reached, result.offeredRate);
    const isShort = result.offeredRate < rate * REACHED;
    const hindered = isShort && rate < reached && timesHindered++ < hinderedMax;
    search = advanceRateSearch(goal, search, { ...judged(result, order.seconds), hindered });
  }
  return { end: search, trials };
}

/** A rate is reached within 1 %, as in rate-search.ts. */
const REACHED = 0.99;

/**
 * What a trial says of the subject. What arrived and was not read is no loss of the subject's: the generator could not have measured
 * this rate, and is taken to have offered what it can read. A subject that ends with a backlog has carried what it can, and no more.
 */
export function judged({ counts, offeredRate, receiverDrops, backlogNs }: TrialResult, seconds: number): Trial {
  const unread = Math.min(receiverDrops, counts.lost);
  const backlogSeconds = backlogNs / NS_PER_S;
  const isBehind = backlogSeconds > Math.max(BACKLOG_SECONDS, BACKLOG_SHARE * seconds);
  const carried = isBehind ? seconds / (seconds + backlogSeconds) : 1;
  return {
    sentPackets: counts.sent,
    receivedPackets: Math.floor((counts.received + unread) * carried),
    offeredRate: offeredRate * (1 - unread / counts.sent),
  };
}

/** A queue that is worked off in so much of the trial's time, or so many seconds, is one that comes and goes. */
const BACKLOG_SHARE = 0.02;
const BACKLOG_SECONDS = 0.01;

async function runTrial(sender: Sender, receiver: Receiver, order: TrialOrder, number: number): Promise<TrialResult> {
  const { source, destination, packetOctets, rate, silenceSeconds = SILENCE_SECONDS } = order;
  const trial = number + 1;
  const packets = Math.max(1, Math.round(rate * order.seconds));
  const warmUpPackets = Math.round(rate * order.warmUpSeconds);
  await receiver.ask({ kind: 'expect', address: destination, trial, packetsMax: packets }, 'listening');
  const sent = await sender.ask(
    { kind: 'send', source, destination, packetOctets, rate, warmUpTrial: number, warmUpPackets, trial, packets },
    'sent',
  );
  if (sent.refused > 0)
    throw new Error(
      `packets of ${Math.max(...packetOctets)} octets are too long for the way from ${source} to ${destination}`,
    );
  const arrived = await receiver.ask({ kind: 'finish', sent: sent.packets, silenceSeconds }, 'arrived');
  const measuredSeconds = (sent.endedAt - sent.beganAt) / NS_PER_S;
  const firstArrivalNs = arrived.firstAt === null ? null : arrived.firstAt - sent.beganAt;
  return {
    counts: arrived.counts,
    offeredRate: sent.packets / measuredSeconds,
    arrivedOctetsPerSecond: arrived.octets / measuredSeconds,
    burstPackets: sent.burstPackets,
    latency: arrived.latency,
    firstArrivalNs,
    longestSilenceNs: Math.max(firstArrivalNs ?? sent.endedAt - sent.beganAt, arrived.longestGapNs),
    backlogNs: arrived.backlogNs,
    receiverDrops: arrived.receiverDrops,
  };
}
