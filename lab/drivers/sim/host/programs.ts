import { send, sink } from './bulk.ts';
import { ip } from './ip-program.ts';
import { nc } from './nc.ts';
import { ping } from './ping.ts';
import type { Process, Program, ProgramMain } from './process.ts';
import { SMALL_PROGRAMS } from './small-programs.ts';
import { traceroute } from './traceroute.ts';

const PROGRAMS: ReadonlyMap<string, ProgramMain> = new Map([
  ...Object.entries({ ping, traceroute, nc, send, sink, ip }),
  ...Object.entries(SMALL_PROGRAMS),
]);

const STATUS_NOT_FOUND = 127;

/** What the simulator's hosts can run, in alphabetical order. */
export const programNames = (): string[] => [...PROGRAMS.keys()].sort();

/** The program of that name (a path's last part); for any other one that says what there is, and ends with 127. */
export function findProgram(name: string): ProgramMain {
  return PROGRAMS.get(name.slice(name.lastIndexOf('/') + 1)) ?? notFound;
}

// oxlint-disable-next-line require-yield -- it does not wait
function* notFound(process: Process): Program {
  const names = programNames().join(', ');
  process.complain(`${process.argv[0] ?? ''}: command not found: simulated nodes know ${names}`);
  return STATUS_NOT_FOUND;
}
