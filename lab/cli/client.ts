import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { IkeCommand } from '../../engine/ike/daemon.ts';
import type { FlowQuery } from '../../engine/node/node.ts';
import type { EspSaKeys, IkeSaKeys } from '../capture/key-log.ts';
import type { Change } from '../reconcile/changes.ts';
import { badInput, errorCode, failureFrom } from '../state/failure.ts';
import type { CheckLine, ErrorBody, ExecRequest, ExplainAnswer, LabStatus } from '../supervisor/api.ts';
import type { FaultAction, Topology } from '../topology/model.ts';

/** Speaks with one running lab over its unix socket; lab/supervisor/api.ts says what. A Failure where the lab refuses. */
export interface LabClient {
  status(): Promise<LabStatus>;
  topology(): Promise<Topology>;
  /** What it was asked to be, without what its driver has added. */
  asked(): Promise<Topology>;
  /** Makes it what `next` says: what has changed. */
  reconcile(next: Topology): Promise<readonly Change[]>;
  keys(): Promise<readonly EspSaKeys[]>;
  ikeKeys(): Promise<readonly IkeSaKeys[]>;
  ike(node: string, command: IkeCommand): Promise<void>;
  /** Each line as it comes. */
  check(onLine: (line: CheckLine) => void): Promise<void>;
  explain(node: string, flow: FlowQuery): Promise<ExplainAnswer>;
  fault(action: FaultAction): Promise<void>;
  /** pcapng. The caller ends it by destroying the stream. */
  capture(query: CaptureQuery): Promise<IncomingMessage>;
  /** A connection that speaks lab/supervisor/exec-protocol.ts, and what came with its first octets. */
  exec(request: ExecRequest): Promise<{ readonly socket: Duplex; readonly head: Buffer }>;
  /** Resolves when the lab says that it is gone, rejects after that time. */
  down(milliseconds: number): Promise<void>;
}

export interface CaptureQuery {
  /** null: all. */
  readonly link: string | null;
  /** Begin with what was seen before. */
  readonly history: boolean;
  /** Go on with what is seen from now on. */
  readonly follow: boolean;
}

export function connectLab(socketPath: string): LabClient {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    JSON.parse(await textOf(await open(socketPath, method, path, body))) as T;
  return {
    status: () => call('GET', '/status'),
    topology: () => call('GET', '/topology'),
    asked: () => call('GET', '/asked'),
    reconcile: async next => (await call<{ changes: readonly Change[] }>('POST', '/reconcile', next)).changes,
    keys: () => call('GET', '/keys'),
    ikeKeys: () => call('GET', '/ike-keys'),
    ike: async (node, command) => {
      await call('POST', '/ike', { node, command });
    },
    check: async onLine => {
      const response = await open(socketPath, 'POST', '/check');
      for await (const line of linesOf(response)) onLine(JSON.parse(line) as CheckLine);
    },
    explain: (node, flow) => call('POST', '/explain', { node, flow }),
    fault: async action => {
      await call('POST', '/fault', action);
    },
    capture: ({ link, history, follow }) => {
      const query = new URLSearchParams({ history: history ? '1' : '0', follow: follow ? '1' : '0' });
      if (link !== null) query.set('link', link);
      return open(socketPath, 'GET', `/capture?${query.toString()}`);
    },
    exec: execRequest => upgrade(socketPath, execRequest),
    down: async milliseconds => {
      await textOf(await open(socketPath, 'POST', '/down', undefined, AbortSignal.timeout(milliseconds)));
    },
  };
}

/** The response to a request that was granted. */
async function open(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { socketPath, method, path, headers: { connection: 'close' }, ...(signal && { signal }) };
    const sent = request(options, resolve);
    sent.on('error', error => reject(unreachable(error)));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
  if (response.statusCode !== 200) throw await refusal(response);
  return response;
}

function upgrade(socketPath: string, execRequest: ExecRequest): Promise<{ socket: Duplex; head: Buffer }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'ipsec-lab-exec',
    'x-exec': Buffer.from(JSON.stringify(execRequest)).toString('base64url'),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method: 'POST', path: '/exec', headers });
    sent.on('error', error => reject(unreachable(error)));
    sent.on('upgrade', (_, socket, head) => resolve({ socket, head }));
    sent.on('response', response => void refusal(response).then(reject, reject));
    sent.end();
  });
}

async function refusal(response: IncomingMessage): Promise<Error> {
  const text = await textOf(response);
  let body: ErrorBody;
  try {
    body = JSON.parse(text) as ErrorBody;
  } catch {
    return new Error(`the lab answered ${response.statusCode ?? 0}: ${text}`);
  }
  return failureFrom(body.error);
}

function unreachable(error: Error): Error {
  const gone = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(errorCode(error) ?? '');
  return gone ? badInput('the lab does not answer: it is ending, or was ended', 'lab status') : error;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf<Buffer>(response)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let pending = '';
  for await (const chunk of chunksOf<string>(response.setEncoding('utf8'))) {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    yield* lines;
  }
}

/** A lab that is killed while it answers cuts its answer short. */
async function* chunksOf<Chunk>(response: IncomingMessage): AsyncGenerator<Chunk> {
  try {
    yield* response as AsyncIterable<Chunk>;
  } catch (error) {
    throw error instanceof Error ? unreachable(error) : error;
  }
}
