import type { ProposalReading } from './ike-proposal.ts';
import type { ValueReader } from './swanctl-values.ts';

/** Proposals separated by commas; `default` stands for what is good for everybody. */
export function proposalsOf<T>(
  values: ValueReader,
  key: string,
  usual: readonly string[],
  parse: (text: string) => ProposalReading<T>,
): T[] {
  const setting = values.setting(key);
  const texts = values.list(key).flatMap(text => (text === 'default' ? usual : [text]));
  return (texts.length === 0 ? usual : texts).flatMap(text => {
    const { proposal, problems } = parse(text);
    if (setting !== null) for (const { message, fix } of problems) values.error(setting, message, fix);
    return proposal ?? [];
  });
}
