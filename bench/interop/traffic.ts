import type { RunningLab } from '../../lab/drivers/driver.ts';

/** Packets that go on until somebody ends them. */
export interface Traffic {
  /** What became of them that should not have, one sentence each. */
  end(): Promise<string[]>;
}

const INTERVAL_S = 0.01;
/** So many answers after `end` was called show that it still works. */
const TAIL = 5;
const TAIL_MS = 3000;

/**
 * A real `ping`. Those of its requests that were on their way when it was stopped say nothing: what counts are the numbers that are
 * missing before the last answer.
 */
export function pings(lab: RunningLab, from: string, to: string): Traffic {
  const stop = new AbortController();
  const answered = new Map<number, number>();
  let rest = '';
  const hear = (octets: Uint8Array): void => {
    const lines = (rest + Buffer.from(octets).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const number = Number(/bytes from .* icmp_seq=(\d+) /.exec(line)?.[1] ?? 0);
      if (number === 0) continue;
      answered.set(number, (answered.get(number) ?? 0) + 1);
    }
  };
  const argv = ['ping', '-i', String(INTERVAL_S), to];
  const ended = lab.exec(from, argv, { stdin: null, stdout: hear, stderr: hear, signal: stop.signal });
  return {
    async end() {
      const name = `ping ${from} -> ${to}`;
      const findings: string[] = [];
      const goal = answered.size + TAIL;
      for (let waited = 0; waited < TAIL_MS && answered.size < goal; waited += 20) await lab.sleep(20);
      const highest = Math.max(0, ...answered.keys());
      if (answered.size < goal) findings.push(`${name}: no answer any more after ${highest}`);
      stop.abort();
      await ended;
      const lost = Array.from({ length: highest }, (_, i) => i + 1).filter(number => !answered.has(number));
      if (lost.length > 0) findings.push(`${name}: lost ${ranges(lost)} of ${highest}`);
      const twice = [...answered].filter(([, count]) => count > 1).map(([number]) => number);
      if (twice.length > 0) findings.push(`${name}: answered twice: ${ranges(twice)}`);
      return findings;
    },
  };
}

/** `3, 7-9`. */
function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ');
}

/** Octets by TCP, from one `nc` to another: whether all of them come, and as they were. */
export function stream(lab: RunningLab, from: string, listener: string, to: string, octets: number): Traffic {
  const PORT = '5001';
  const source = `head -c ${octets} /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null`;
  const said = { sent: '', received: '' };
  const run = (node: string, script: string, key: keyof typeof said) => {
    const hear = (text: Uint8Array): void => {
      said[key] += Buffer.from(text).toString();
    };
    return lab.exec(node, ['sh', '-c', script], { stdin: null, stdout: hear, stderr: hear, signal: null });
  };
  const received = run(listener, `timeout 60 nc -l ${PORT} | sha256sum`, 'received');
  const sent = lab
    .sleep(200)
    .then(() => run(from, `${source} | timeout 60 nc -N ${to} ${PORT}; ${source} | sha256sum`, 'sent'));
  return {
    async end() {
      await Promise.all([received, sent]);
      return said.sent === said.received
        ? []
        : [`${octets} octets by TCP ${from} -> ${to}: sent ${said.sent.trim()}, came ${said.received.trim()}`];
    },
  };
}
