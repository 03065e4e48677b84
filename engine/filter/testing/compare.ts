import { Filter } from '../filter.ts';
import { NO_SURROUNDINGS, packetOf } from './packets.ts';
import { drawFrom, INTERFACES, randomPacket, randomRules } from './random-case.ts';
import { referenceVerdict } from './reference.ts';

/**
 * Sends random packets through random rules, and asks the reference about each. The first disagreement as a sentence, or
 * null. `packets` for each set of rules.
 */
export function disagreement(seed: number, rulesMax: number, packets: number): string | null {
  const draw = drawFrom(seed);
  const rules = randomRules(draw, 1 + draw(rulesMax));
  const filter = new Filter({ rules, otherwise: draw(2) === 0 ? 'pass' : 'block' }, NO_SURROUNDINGS);
  const counted = new Map(rules.map(rule => [rule, 0]));
  for (let i = 0; i < packets; i++) {
    const model = randomPacket(draw);
    const direction = draw(2) === 0 ? 'in' : 'out';
    const name = INTERFACES[draw(INTERFACES.length)] ?? 'net0';
    const expected = referenceVerdict(rules, model, direction, name);
    const octets = packetOf(model);
    // On a tunnel nothing is Neighbor Discovery: the reference knows no such exception.
    const place = { name, kind: 'tunnel' } as const;
    const explained = filter.explain(octets, direction, place, 0).verdict;
    const found = filter.check(octets, direction, place, 0);
    for (const rule of expected.counts) counted.set(rule, (counted.get(rule) ?? 0) + 1);
    if (found.rule !== expected.decides || explained.rule !== found.rule || explained.kind !== found.kind) {
      const what = `${JSON.stringify(model)} ${direction} ${name}`;
      return `seed ${seed}, packet ${i}: ${found.rule?.text} instead of ${expected.decides?.text}: ${what}`;
    }
  }
  for (const { rule, packets: seen } of filter.counters().rules) {
    if (seen !== counted.get(rule)) return `seed ${seed}: ${rule.text} has counted ${seen}, not ${counted.get(rule)}`;
  }
  return null;
}
