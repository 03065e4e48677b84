import type { IkeFetch } from './daemon.ts';
import type { Names } from './names.ts';

/**
 * What a message needs before it can be judged: certificates, CRLs, OCSP answers. It waits until all of that has come, or has not,
 * and is handled again then, as if it had come just now.
 */
export interface Parked<Message> {
  readonly message: Message;
  /** Ids of fetches that are under way, and what each is for. */
  readonly waitsFor: ReadonlyMap<number, string>;
  readonly fetched: FetchAnswers;
}

/** What was fetched for one message, by `fetchKey`; null: it could not be. */
export type FetchAnswers = ReadonlyMap<string, Uint8Array | null>;

export const NOTHING_FETCHED: FetchAnswers = new Map();

/** As much of what a daemon of either version remembers as fetching needs. */
export interface Fetcher<Message> {
  readonly names: Names;
  /** By the IKE SA: one each. */
  readonly parked: Map<number, Parked<Message>>;
  readonly out: { readonly fetches: IkeFetch[] };
}

/** More fetches for one message are refused: its handler learns that they failed. */
const FETCHES_MAX = 16;

/** What a fetch is known by. */
export function fetchKey(url: string, body: Uint8Array | null): string {
  return body === null ? url : `${url} ${Buffer.from(body).toString('hex')}`;
}

/** `fetched` is what there is for it so far. */
export function park<Message>(
  fetcher: Fetcher<Message>,
  ikeSa: number,
  message: Message,
  wanted: readonly Omit<IkeFetch, 'id'>[],
  soFar: FetchAnswers,
): void {
  const waitsFor = new Map<number, string>();
  const fetched = new Map(soFar);
  for (const fetch of wanted) {
    const key = fetchKey(fetch.url, fetch.body);
    if (fetched.size + waitsFor.size >= FETCHES_MAX) {
      fetched.set(key, null);
      continue;
    }
    const id = fetcher.names.nextFetchId++;
    waitsFor.set(id, key);
    fetcher.out.fetches.push({ id, ...fetch });
  }
  fetcher.parked.set(ikeSa, { message, waitsFor, fetched });
}

/** Something has come, or could not be fetched. The message that has waited for nothing else; null: none has. */
export function unpark<Message>(
  { parked }: Pick<Fetcher<Message>, 'parked'>,
  id: number,
  content: Uint8Array | null,
): { readonly ikeSa: number; readonly message: Message; readonly fetched: FetchAnswers } | null {
  for (const [ikeSa, { message, waitsFor, fetched }] of parked) {
    const key = waitsFor.get(id);
    if (key === undefined) continue;
    const answers = new Map(fetched).set(key, content);
    const left = new Map([...waitsFor].filter(([other]) => other !== id));
    if (left.size === 0) {
      parked.delete(ikeSa);
      return { ikeSa, message, fetched: answers };
    }
    parked.set(ikeSa, { message, waitsFor: left, fetched: answers });
    return null;
  }
  return null;
}
