/** What an exported network of `twoSites` has to carry: what may be clear, and nothing else. By node, address and whether it answers. */
export const PINGS = [
  ['a1', '10.2.0.2', true],
  ['bob', '192.0.2.1', true],
  ['bob', '198.51.100.1', true],
  ['a1', '10.1.0.2', false],
  ['alice', '10.1.0.2', false],
  ['b1', '10.0.0.2', false],
  ['a1', '10.2.0.8', false],
] as const;

/** A command that ends with 0 as soon as there is an answer; where none is expected it does not wait long for one. */
export const pingWords = (address: string, answers: boolean): readonly string[] =>
  answers ? ['ping', '-n', '-c1', '-w20', address] : ['ping', '-n', '-c2', '-i0.2', '-W1', address];
