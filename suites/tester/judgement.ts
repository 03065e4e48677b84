import type { Subject } from '../../lab/subjects/subject.ts';

/** Thrown by a judge: the subject does not do what the clause asks. Any other exception is our own bug. */
export class JudgementFailed extends Error {
  override readonly name = 'JudgementFailed';
}

/** Thrown before anything was judged: the scene could not be set (no answer to the traffic that the clause builds on). */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive';
}

/** Thrown in the place of a judgement: what the clause is about is not for this subject. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** Unsupported where the subject does not have one of the algorithms of a suite, `aes128-sha1-modp1024`. */
export function needAlgorithms({ name, lacks = [] }: Pick<Subject, 'name' | 'lacks'>, suite: string): void {
  const lacking = suite.split('-').find(token => lacks.includes(token));
  if (lacking !== undefined) throw new Unsupported(`${name} has no ${lacking}`);
}

/** Fails the clause unless `holds`; `why` is what the report prints. */
export function judge(holds: boolean, why: string): asserts holds {
  if (!holds) throw new JudgementFailed(why);
}

/** For what a clause needs before it can judge: its absence says nothing about the subject. */
export function require<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new Inconclusive(why);
  return value;
}
