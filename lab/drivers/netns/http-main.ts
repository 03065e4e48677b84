/**
 * The process of an HTTP service in the network namespace of its node: it speaks HTTP, and asks who started it for each response
 * (http-messages.ts). It ends with its channel.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { confine } from '../../../engine/host/confine.ts';
import { parentChannel } from '../../../engine/host/parent-channel.ts';
import { HTTP_HEAD_OCTETS_MAX, type HttpResponse, NOT_UNDERSTOOD, REQUEST_OCTETS_MAX } from '../http-service.ts';
import type { FromHttp, ToHttp } from './http-messages.ts';

const REQUEST_MS_MAX = 10_000;

const channel = parentChannel<FromHttp, ToHttp>();
const waiting = new Map<number, ServerResponse>();
let nextId = 0;

const server = createServer(
  { maxHeaderSize: HTTP_HEAD_OCTETS_MAX, requestTimeout: REQUEST_MS_MAX },
  (request, response) => void take(request, response),
);

channel.listen(obey, () => process.exit(0));

function obey(message: ToHttp): void {
  if (message.kind === 'listen') {
    server.listen(message.port, () => {
      confine([]);
      channel.send({ kind: 'ready' });
    });
    return;
  }
  const response = waiting.get(message.id);
  waiting.delete(message.id);
  const { status, contentType } = message.response;
  if (response !== undefined) {
    answer(response, { status, contentType, body: Buffer.from(message.response.body, 'base64') });
  }
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (body === null) {
    answer(response, NOT_UNDERSTOOD);
    return;
  }
  const id = nextId++;
  waiting.set(id, response);
  response.on('close', () => waiting.delete(id));
  const { method = '', url = '', headers } = request;
  const contentType = headers['content-type'] ?? null;
  channel.send({ kind: 'request', id, request: { method, path: url, contentType, body: body.toString('base64') } });
}

/** null: too long, or cut off. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let octets = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      octets += chunk.length;
      if (octets > REQUEST_OCTETS_MAX) return null;
      chunks.push(chunk);
    }
  } catch {
    return null; // the other end is gone
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, { status, contentType, body }: HttpResponse): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': String(body.length),
    connection: 'close',
  });
  response.end(body);
}
