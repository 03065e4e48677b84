/** The thread of a live node's IKE daemon: see ike-messages.ts for what it is told and what it tells. */
import { pathToFileURL } from 'node:url';
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { IkeConfig } from '../ike/config.ts';
import { createIkeDaemon } from '../ike/create.ts';
import type { IkeContext, IkeDaemon, IkeEffects, IkeFetch } from '../ike/daemon.ts';
import type { InboundName } from '../node/node.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../wire/instant.ts';
import { LiveClock } from './clock.ts';
import { fetchHttp } from './http-fetch.ts';
import { hear } from './ike-inbox.ts';
import type { FromIkeThread, IkeQuestion, ToIkeThread } from './ike-messages.ts';
import type { Implementation } from './messages.ts';
import { createSystemRandom } from './system-random.ts';

type StartMessage = Extract<ToIkeThread, { kind: 'start' }>;

/** The longest delay that setTimeout knows. */
const DELAY_MS_MAX = 0x7fff_ffff;
const ANSWER_MS_MAX = 1000;
/** At a time: what peers name in their certificates is not to become a load on others. */
const FETCHES_MAX = 16;

const parent = portToParent();
const clock = new LiveClock();
let skewNs = 0;
let fetching = 0;
let timer: NodeJS.Timeout | undefined;
let preparing: NodeJS.Immediate | undefined;

const start = await firstMessage();
const { order, answers } = start;
const answered = new Int32Array(start.answered);
skew(order.skewNs);
// What comes meanwhile waits in the port until somebody listens.
const daemon = await makeDaemon(order.config, order.implementation);
parent.on('message', take);
arm();

function firstMessage(): Promise<StartMessage> {
  return new Promise(resolve => {
    parent.once('message', (message: ToIkeThread) => {
      if (message.kind !== 'start') throw new Error(`the daemon was told ${message.kind} before it was started`);
      resolve(message);
    });
  });
}

function take(message: ToIkeThread): void {
  switch (message.kind) {
    case 'start':
      throw new Error('the daemon was started already');
    case 'inputs':
      for (const [i, input] of message.inputs.entries()) {
        tell(hear(daemon, input, clock.now()), i === message.inputs.length - 1);
      }
      break;
    case 'status':
      send({ kind: 'status', id: message.id, status: daemon.status(clock.now()) });
      break;
    case 'skew':
      skew(message.byNs);
      break;
  }
  arm();
}

/** `isDone`: of the last of the inputs that were given. */
function tell({ fetches, ...effects }: IkeEffects, isDone = false): void {
  if (isDone) prepareSoon();
  if (isDone || Object.values(effects).some(list => list.length > 0)) send({ kind: 'effects', effects, isDone });
  for (const fetch of fetches) void answerFetch(fetch);
}

/** When what has come meanwhile was answered. */
function prepareSoon(): void {
  clearImmediate(preparing);
  preparing = setImmediate(() => daemon.prepare?.());
}

async function answerFetch(fetch: IkeFetch): Promise<void> {
  fetching++;
  const content = fetching > FETCHES_MAX ? await Promise.resolve(null) : await fetchHttp(fetch, order.hosts);
  fetching--;
  tell(daemon.command({ kind: 'fetched', id: fetch.id, content }, clock.now()));
  arm();
}

function arm(): void {
  clearTimeout(timer);
  const at = daemon.wakeAt();
  if (at === null) return;
  const delayMs = Math.ceil((at - clock.now()) / NS_PER_MS);
  timer = setTimeout(wake, Math.min(Math.max(0, delayMs), DELAY_MS_MAX));
}

function wake(): void {
  tell(daemon.wake(clock.now()));
  arm();
}

function skew(byNs: number): void {
  clock.skew(byNs);
  skewNs += byNs;
}

async function makeDaemon(config: IkeConfig, implementation: Implementation | null): Promise<IkeDaemon> {
  const context: IkeContext = {
    random: createSystemRandom(),
    epochSeconds: () => (Date.now() * NS_PER_MS + skewNs) / NS_PER_S,
    sourceFor,
    lastHeard,
  };
  if (implementation === null) return createIkeDaemon(config, context);
  const { file, name } = implementation;
  const module = (await import(pathToFileURL(file).href)) as {
    findSubject(name: string): { readonly makeIke?: typeof createIkeDaemon } | null;
  };
  const make = module.findSubject(name)?.makeIke ?? createIkeDaemon;
  return make(config, context);
}

function sourceFor(destination: string): string | null {
  const source = ask({ kind: 'source', destination });
  return typeof source === 'string' ? source : null;
}

/** The clocks of two threads do not begin at the same time: what is told is how long ago it was. */
function lastHeard(inbound: readonly InboundName[], now: Instant): Instant | null {
  const silenceNs = ask({ kind: 'silence', inbound });
  return typeof silenceNs === 'number' ? now - silenceNs : null;
}

/** The node knows, in its thread: this one waits. null also where the node has no time to answer. */
function ask(question: IkeQuestion): unknown {
  while (receiveMessageOnPort(answers) !== undefined); // one that came too late for its question
  Atomics.store(answered, 0, 0);
  send({ kind: 'question', question });
  Atomics.wait(answered, 0, 0, ANSWER_MS_MAX);
  return receiveMessageOnPort(answers)?.message ?? null;
}

function send(message: FromIkeThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parent.postMessage(message);
}

function portToParent(): MessagePort {
  if (parentPort === null) throw new Error('this is the program of a thread');
  return parentPort;
}
