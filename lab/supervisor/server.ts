import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { MachineObstacle } from '../drivers/machine-obstacle.ts';
import { ProcessKilled } from '../drivers/process-killed.ts';
import { badInput, errorCode, ExitCode, Failure, machineCannot } from '../state/failure.ts';
import type { CheckLine, ErrorBody, ExecRequest, ExplainQuery, IkeOrder } from './api.ts';
import { streamCapture } from './capture-stream.ts';
import { serveExec } from './exec-session.ts';
import { assertFault } from './fault-order.ts';
import type { LiveLab } from './live-lab.ts';
import { statusOf } from './status.ts';
import type { FaultAction, Topology } from '../topology/model.ts';

interface Exchange {
  readonly lab: LiveLab;
  readonly remove: () => Promise<void>;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
type Route = (exchange: Exchange) => Promise<void>;

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /status': async ({ lab, response }) => answer(response, await statusOf(lab)),
  'GET /topology': async ({ lab, response }) => answer(response, lab.running.topology),
  'GET /asked': async ({ lab, response }) => answer(response, lab.asked()),
  'POST /reconcile': async ({ lab, request, response }) => {
    const next = await bodyOf<Topology>(request, TOPOLOGY_OCTETS_MAX);
    answer(response, { changes: await lab.reconcile(next) });
  },
  'GET /keys': async ({ lab, response }) => answer(response, lab.running.keys()),
  'GET /ike-keys': async ({ lab, response }) => answer(response, lab.running.ikeSecrets()),
  'GET /capture': async ({ lab, query, response }) => streamCapture(lab, query, response),
  'POST /check': check,
  'POST /explain': async ({ lab, request, response }) => {
    const { node, flow } = await bodyOf<ExplainQuery>(request);
    answer(response, { explanation: await lab.running.explain(nodeOf(lab, node), flow) });
  },
  'POST /ike': async ({ lab, request, response }) => {
    const { node, command } = await bodyOf<IkeOrder>(request);
    const daemons = await lab.running.ike();
    if (!daemons.some(daemon => daemon.node === nodeOf(lab, node)))
      throw badInput(`${node} negotiates nothing, or does not run`, 'lab status');
    await lab.running.ikeCommand(node, command);
    answer(response, {});
  },
  'POST /fault': async ({ lab, request, response }) => {
    const action = await bodyOf<FaultAction>(request);
    assertFault(action, lab.running.topology, lab.running.condition());
    await lab.running.fault(action);
    answer(response, {});
  },
  'POST /down': async ({ remove, response }) => {
    await remove();
    answer(response, {});
  },
};

/**
 * Serves lab/supervisor/api.ts on a unix socket; the folder around it keeps other users away. `remove` removes the lab, and
 * ends the process when the answer is out.
 */
export async function serveLab(lab: LiveLab, path: string, remove: () => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    handle({ lab, remove }, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.requestTimeout = 0; // an exec or a capture takes as long as it takes
  server.on('upgrade', (request, socket, head) => {
    upgrade(lab, request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

async function handle(
  served: Pick<Exchange, 'lab' | 'remove'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://lab');
  const route = ROUTES[`${request.method ?? ''} ${url.pathname}`];
  if (route === undefined) throw badInput(`no ${request.method ?? ''} ${url.pathname} here`, null);
  await route({ ...served, query: url.searchParams, request, response });
}

async function check({ lab, response }: Exchange): Promise<void> {
  const line = (value: CheckLine): void => void response.write(`${JSON.stringify(value)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  line({ kind: 'planned', titles: lab.running.topology.checks.map(planned => planned.title) });
  const run = await lab.check(result => line({ kind: 'result', result }));
  line({ kind: 'run', run });
  response.end();
}

async function upgrade(lab: LiveLab, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const asked = request.headers['x-exec'];
  if (request.url !== '/exec' || typeof asked !== 'string') throw badInput('only /exec can be upgraded', null);
  const exec = JSON.parse(Buffer.from(asked, 'base64url').toString('utf8')) as ExecRequest;
  nodeOf(lab, exec.node);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ipsec-lab-exec\r\n\r\n');
  await serveExec(lab.running, exec, socket, head);
}

function nodeOf(lab: LiveLab, name: string): string {
  if (lab.running.topology.nodes.some(node => node.name === name)) return name;
  throw badInput(`the lab has no node "${name}"`, 'lab status lists them');
}

async function bodyOf<T>(request: IncomingMessage, most = BODY_OCTETS_MAX): Promise<T> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    octets += chunk.length;
    if (octets > most) throw badInput(`a request of more than ${most} octets`, null);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
  } catch {
    throw badInput('the request is not JSON', null);
  }
}

const BODY_OCTETS_MAX = 1 << 20;
/** A file of some thousand policies, resolved. */
const TOPOLOGY_OCTETS_MAX = 1 << 26;

function answer(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const body = errorBody(error);
  response.writeHead(statusCode(body), { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  if (errorCode(error) === 'ECONNRESET' || errorCode(error) === 'EPIPE') return;
  const body = errorBody(error);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${statusCode(body)} Refused\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

const statusCode = (body: ErrorBody): number => (body.error.exitCode === ExitCode.BUG ? 500 : 400);

const FIX_KILLED = 'lab up again; dmesg says whether the memory was used up';

/** A Failure is for the user; anything else is a fault of ours, and goes to the log with its stack. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof Failure) return { error: { message: error.message, fix: error.fix, exitCode: error.exitCode } };
  if (error instanceof MachineObstacle) return errorBody(machineCannot(error.message, error.fix));
  if (error instanceof ProcessKilled) return errorBody(machineCannot(error.message, FIX_KILLED));
  console.error(error);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { error: { message, fix: null, exitCode: ExitCode.BUG } };
}
