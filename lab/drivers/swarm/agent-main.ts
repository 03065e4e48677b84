/**
 * The agent of a lab on another machine of the swarm (agent-gate.ts). Its arguments: the file of the key, the daemon's socket. It ends
 * when its lab has nothing to do with it any more, however that came about.
 */
import { readFileSync } from 'node:fs';
import { AGENT_PORT, openAgent } from './agent-gate.ts';

/** Until the lab comes, and after its last connection has gone. */
const FIRST_MS = 120_000;
const IDLE_MS = 10_000;

const [, , keyFile = '', socket = ''] = process.argv;
const leave = (): never => process.exit(0);
let connections = 0;
let idle = setTimeout(leave, FIRST_MS);

openAgent(AGENT_PORT, readFileSync(keyFile), socket).on('connection', peer => {
  connections++;
  clearTimeout(idle);
  peer.once('close', () => {
    connections--;
    if (connections === 0) idle = setTimeout(leave, IDLE_MS);
  });
});
// The first process of a container hears no signal that it does not ask for.
process.on('SIGTERM', leave);
