import type { IkeHeader } from '../../wire/ike/message.ts';
import type { Instant } from '../../wire/instant.ts';
import type { IntermediateMessage } from './auth-octets.ts';
import type { Task } from './task.ts';

/** The message windows of one IKE SA, RFC 7296 §2.2 and §2.3: of this end's requests, and of the peer's. */
export interface MessageWindows {
  readonly requests: RequestWindow;
  readonly responses: ResponseWindow;
}

export interface RequestWindow {
  /** The Message ID of the next request. */
  readonly nextId: number;
  /** How many may be under way: what the peer's SET_WINDOW_SIZE says, 1 until then. Never shrinks, §2.3. */
  readonly size: number;
  /** In the order of their Message IDs. */
  readonly outstanding: readonly OutstandingRequest[];
}

/** A request that is not answered yet; what leaves again is the same, to the bit (§2.1). */
export interface OutstandingRequest {
  readonly header: IkeHeader;
  /** What it was sent for. */
  readonly task: Task;
  /** Whole messages: one, or the fragments of RFC 7383. */
  readonly messages: readonly Uint8Array[];
  /** Under SK: what was sealed; null: it was in the clear. */
  readonly content: SealedContent | null;
  readonly sends: number;
  readonly resendAt: Instant;
  /** Octets of IP packet that its fragments are cut to; null: it went whole. */
  readonly fragmentOctets: number | null;
}

/** A protected message before it was sealed: what RFC 9242 authenticates, and what is cut anew when fragments get lost. */
export interface SealedContent extends IntermediateMessage {
  readonly firstPayload: number;
}

export interface ResponseWindow {
  /** The lowest Message ID of a request that was not answered yet. */
  readonly expectedId: number;
  /** How many requests of the peer may be under way: what SET_WINDOW_SIZE has told it, 1 until then. */
  readonly size: number;
  /** The last responses, to be sent again; no more than `size`, in the order in which they were made. */
  readonly answered: readonly AnsweredRequest[];
  /** Requests that wait for something to be fetched: not answered, and not to be handled twice. */
  readonly waiting: readonly number[];
}

export interface AnsweredRequest {
  readonly header: IkeHeader;
  readonly messages: readonly Uint8Array[];
  /** As in `OutstandingRequest`. */
  readonly content: SealedContent | null;
  readonly fragmentOctets: number | null;
  /** How often the request has come again. */
  readonly repeats: number;
}

export const INITIAL_WINDOWS: MessageWindows = {
  requests: { nextId: 0, size: 1, outstanding: [] },
  responses: { expectedId: 0, size: 1, answered: [], waiting: [] },
};

/** Whether one more request may leave: all up to a window before it have been answered, §2.3. */
export function hasRoom({ nextId, size, outstanding }: RequestWindow): boolean {
  const [oldest] = outstanding;
  return oldest === undefined || nextId - oldest.header.messageId < size;
}

/** Of a request: a new one, one that was answered or is at work, or one that cannot be. */
export type RequestPlace = 'new' | 'answered' | 'waiting' | 'outside';

export function placeOf({ expectedId, size, answered, waiting }: ResponseWindow, messageId: number): RequestPlace {
  if (waiting.includes(messageId)) return 'waiting';
  if (answered.some(({ header }) => header.messageId === messageId)) return 'answered';
  return messageId >= expectedId && messageId < expectedId + size ? 'new' : 'outside';
}

/** A request was answered: the window moves past it, and past those that were answered before it. */
export function withAnswer(window: ResponseWindow, answer: AnsweredRequest): ResponseWindow {
  const { messageId } = answer.header;
  const waiting = window.waiting.filter(id => id !== messageId);
  const others = window.answered.filter(({ header }) => header.messageId !== messageId);
  const answered = [...others, answer];
  let { expectedId } = window;
  const isDone = (id: number) => waiting.includes(id) || answered.some(({ header }) => header.messageId === id);
  while (isDone(expectedId)) expectedId++;
  // The peer may repeat a request until one that is a window later was answered, §2.3.
  const oldest = expectedId - window.size;
  return { ...window, expectedId, waiting, answered: answered.filter(({ header }) => header.messageId >= oldest) };
}

/** The request waits for something to be fetched; perhaps not for the first time. */
export function withWaiting(window: ResponseWindow, messageId: number): ResponseWindow {
  if (window.waiting.includes(messageId)) return window;
  return { ...window, waiting: [...window.waiting, messageId] };
}

/** The peer's answer has come. */
export function withoutRequest(window: RequestWindow, messageId: number): RequestWindow {
  return { ...window, outstanding: window.outstanding.filter(({ header }) => header.messageId !== messageId) };
}
