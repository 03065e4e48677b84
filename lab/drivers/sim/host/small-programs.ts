import { createHash } from 'node:crypto';
import { NS_PER_S } from '../../../../engine/wire/instant.ts';
import type { Process, Program, ProgramMain } from './process.ts';

/** Programs of a few lines that scripts use. */
export const SMALL_PROGRAMS: Readonly<Record<string, ProgramMain>> = {
  true: () => immediate(0),
  false: () => immediate(1),
  echo,
  cat,
  sha256sum,
  sleep,
  hostname,
};

// oxlint-disable-next-line require-yield -- it does not wait
function* immediate(status: number): Program {
  return status;
}

function echo(process: Process): Program {
  process.print(process.argv.slice(1).join(' '));
  return immediate(0);
}

function hostname(process: Process): Program {
  process.print(process.host.name);
  return immediate(0);
}

function* cat(process: Process): Program {
  for (;;) {
    const octets = process.stdin.read();
    if (octets !== null) process.write(octets);
    else if (process.stdin.isAtEnd) return 0;
    else yield null;
  }
}

function* sha256sum(process: Process): Program {
  const hash = createHash('sha256');
  for (;;) {
    const octets = process.stdin.read();
    if (octets !== null) hash.update(octets);
    else if (process.stdin.isAtEnd) break;
    else yield null;
  }
  process.print(`${hash.digest('hex')}  -`);
  return 0;
}

function* sleep(process: Process): Program {
  const [text = ''] = process.argv.slice(1);
  const seconds = Number(text);
  if (text === '' || !(seconds >= 0 && seconds < 1e6)) {
    process.complain(text === '' ? 'sleep: missing operand' : `sleep: invalid time interval '${text}'`);
    return 1;
  }
  const until = process.now() + Math.round(seconds * NS_PER_S);
  while (process.now() < until) yield until;
  return 0;
}
