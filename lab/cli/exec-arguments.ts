/** Options of `lab exec` that take the next word. */
const WITH_VALUE = new Set(['--lab']);

/**
 * `exec a1 ping -c 1 x` as `exec a1 -- ping -c 1 x`: options up to the command's first word are ours, those after it are
 * its own. A line that has its `--` already comes back as it is.
 */
export function withSeparator(argv: readonly string[]): readonly string[] {
  let operands = 0;
  for (let at = 1; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--') return argv;
    if (word.startsWith('-')) {
      if (WITH_VALUE.has(word)) at += 1;
      continue;
    }
    operands += 1;
    if (operands === 2) return [...argv.slice(0, at), '--', ...argv.slice(at)];
  }
  return argv;
}
