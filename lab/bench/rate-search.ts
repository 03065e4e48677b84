/**
 * The search for the highest rate at which no more than a given share of packets is lost: throughput, RFC 2544 §26.1 and RFC 8219
 * §7.1 (there no packet at all, NDR), and with a bound above nothing PDR. The search asks for a rate, somebody sends at it and says
 * what came of it, and so on; nothing is sent or waited for here.
 */
export interface RateGoal {
  /** `NO_LOSS`, `PARTIAL_LOSS`, or any share in [0, 1). */
  readonly lossRatioMax: number;
  /** Packets/s. Below the lowest nothing is looked for; the highest is tried first, as the RFC begins, where there is no guess. */
  readonly rateMin: number;
  readonly rateMax: number;
  /** Where it is likely to be, between the two: what is tried first. */
  readonly guess?: number;
  /** How close the rate that holds and the one that does not are in the end, as a share: 0.01. */
  readonly precision: number;
  /** Odd. 1 is the RFC's; with 3 a rate holds by two, and one accident of a busy machine does not send the search astray. */
  readonly trialsPerRate: number;
}

/** NDR: no packet may be missing. */
export const NO_LOSS = 0;
/** PDR: 0.5 %. */
export const PARTIAL_LOSS = 0.005;

/** What came of one trial. */
export interface Trial {
  readonly sentPackets: number;
  /** Without duplicates. */
  readonly receivedPackets: number;
  /** Packets/s that the generator really sent: the offered load of RFC 2285 §3.5.2. */
  readonly offeredRate: number;
  /**
   * It was less than asked for although the generator can do more: somebody kept it from running. A search goes on as long as that is so,
   * and never is at its first rate.
   */
  readonly hindered?: boolean;
}

/** A rate that was tried and decided. */
export interface TriedRate {
  /** Packets/s as asked for, of which at least 99 % were offered; what was offered where that was less. */
  readonly rate: number;
  /** The largest among the trials that decided. */
  readonly lossRatio: number;
}

/** `generator`: above the rate found it was not the packets that failed to arrive, but to leave. */
export type RateLimit = 'subject' | 'generator' | 'rateMax';

export type RateSearch =
  | {
      readonly kind: 'trying';
      /** Send at this, packets/s. */
      readonly rate: number;
      readonly trials: readonly Trial[];
      /** The next rate is at most so many times away from this one. */
      readonly stride: number;
      readonly held: TriedRate | null;
      readonly failed: (TriedRate & { readonly limit: 'subject' | 'generator' }) | null;
    }
  | { readonly kind: 'found'; readonly rate: number; readonly lossRatio: number; readonly limit: RateLimit }
  | { readonly kind: 'notEvenRateMin'; readonly lossRatio: number };
type Trying = Extract<RateSearch, { kind: 'trying' }>;

/** A generator that stays behind by more than this share did not send at the rate it was asked for. */
const SHORTFALL = 0.01;

/**
 * A guess is wrong by no more than this, more often than not. Each rate after it may be as far from the one before as all of them have
 * come, so that a bad guess costs a few trials.
 */
const STRIDE = 1.3;

export function startRateSearch(goal: RateGoal): RateSearch {
  const { lossRatioMax, rateMin, rateMax, guess = rateMax, precision, trialsPerRate } = goal;
  const isBounded = rateMin > 0 && rateMax > rateMin && guess >= rateMin && guess <= rateMax;
  const isSound = isBounded && precision > 0 && lossRatioMax >= 0 && lossRatioMax < 1;
  if (!isSound || trialsPerRate % 2 !== 1) throw new Error('a search for a rate without sense');
  return { kind: 'trying', rate: guess, trials: [], stride: STRIDE, held: null, failed: null };
}

/** The next state, after a trial at the rate that `search` asked for. */
export function advanceRateSearch(goal: RateGoal, search: RateSearch, trial: Trial): RateSearch {
  if (search.kind !== 'trying') throw new Error(`a trial after the search ended: ${search.kind}`);
  if (!(trial.sentPackets > 0 && trial.offeredRate > 0)) throw new Error('a trial in which nothing was sent');
  const trials = [...search.trials, trial];
  const good = trials.filter(one => lossRatio(one) <= goal.lossRatioMax);
  const bad = trials.filter(one => lossRatio(one) > goal.lossRatioMax);
  const enough = (goal.trialsPerRate + 1) / 2;
  if (good.length === enough) return afterGood(goal, search, good);
  if (bad.length === enough) return afterBad(goal, search, bad);
  return { ...search, trials };
}

/** No search takes more trials, but for hindered ones: what progress can be told against. */
export function trialsMax({ rateMin, rateMax, precision, trialsPerRate }: RateGoal): number {
  const range = Math.log(rateMax / rateMin);
  const halvings = Math.max(0, Math.ceil(Math.log2(range / Math.log1p(precision))));
  const strides = Math.max(0, Math.ceil(Math.log2(range / Math.log(STRIDE))));
  return trialsPerRate * (halvings + strides + 4); // the guess, the highest, what came through at the highest, the lowest
}

/** Of what was sent, in [0, 1]. */
export const lossRatio = ({ sentPackets, receivedPackets }: Trial): number =>
  Math.max(0, sentPackets - receivedPackets) / sentPackets;

const isShort = (search: Trying, trial: Trial): boolean => trial.offeredRate < search.rate * (1 - SHORTFALL);
const worstLoss = (trials: readonly Trial[]): number => Math.max(...trials.map(lossRatio));

function afterGood(goal: RateGoal, search: Trying, good: readonly Trial[]): RateSearch {
  const tried = { rate: search.rate, lossRatio: worstLoss(good) };
  if (!good.some(trial => isShort(search, trial))) {
    if (search.rate === goal.rateMax) return { kind: 'found', ...tried, limit: 'rateMax' };
    return narrowed(goal, { ...search, held: tried }, tried.rate);
  }
  const sent = { ...tried, rate: Math.min(...good.map(trial => trial.offeredRate)) };
  const held = search.held !== null && search.held.rate > sent.rate ? search.held : sent;
  // It says nothing of the rate that was asked for, and something of the one that was sent.
  if (good.some(trial => trial.hindered === true)) return narrowed(goal, { ...search, held }, held.rate);
  return narrowed(goal, { ...search, held, failed: { ...tried, limit: 'generator' } }, held.rate);
}

function afterBad(goal: RateGoal, search: Trying, bad: readonly Trial[]): RateSearch {
  if (search.rate === goal.rateMin) return { kind: 'notEvenRateMin', lossRatio: worstLoss(bad) };
  const rate = Math.min(search.rate, Math.max(...bad.map(trial => trial.offeredRate)));
  const failed = { rate, lossRatio: worstLoss(bad), limit: 'subject' } as const;
  const came = rate * (1 - failed.lossRatio);
  // What came through at the first rate that fails is often near what it can carry: a guess, which halving alone reaches late.
  const isNew = search.failed === null && came > Math.max(goal.rateMin, search.held?.rate ?? 0);
  if (isNew && came * (1 + goal.precision) < rate) return { ...search, rate: came, trials: [], failed };
  return narrowed(goal, { ...search, failed }, rate);
}

/**
 * The rate in the middle, of ratios since rates span decades, but no more than a stride away from the one that was decided; or the end,
 * where nothing is left between.
 */
function narrowed(goal: RateGoal, search: Trying, decided: number): RateSearch {
  const { held, failed, stride } = search;
  const low = Math.max(held?.rate ?? 0, goal.rateMin); // a generator may not even reach the lowest
  const from = Math.max(decided, goal.rateMin);
  const next = { ...search, trials: [], stride: stride ** 2 };
  if (failed === null) return { ...next, rate: Math.min(goal.rateMax, from * stride) };
  if (failed.rate > low * (1 + goal.precision)) {
    const middle = Math.sqrt(low * failed.rate);
    return { ...next, rate: Math.max(from / stride, Math.min(middle, from * stride)) };
  }
  if (held === null) return { ...next, rate: goal.rateMin };
  return { kind: 'found', ...held, limit: failed.limit };
}
