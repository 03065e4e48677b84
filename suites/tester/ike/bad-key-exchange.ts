import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { judge } from '../judgement.ts';
import { attempt } from './initiate.ts';
import type { TesterPeer } from './peer.ts';
import type { IkePlan } from './plans.ts';
import { answerInit, letAliceCall } from './respond.ts';
import { ikeSuite } from './suite.ts';
import { judgeNotAccepted, judgeStillServes } from './verdicts.ts';
import { INSIDE } from '../citations.ts';

/** What alice makes of a KE payload that cannot be, on either side of IKE_SA_INIT. */

/** Alice with one key exchange alone. */
export const onlyGroup = (token: string): IkePlan => ({
  connection: {
    retransmission: { firstMs: 500, factor: 2, longestMs: 500, sends: 2 },
    proposals: [
      {
        encryption: ['aes256gcm16'],
        integrity: [],
        prf: ['prfsha256'],
        keyExchange: [token],
        additionalKeyExchanges: [],
      },
    ],
  },
});

export const suiteWith = (group: string) => ikeSuite(`aes256gcm16-prfsha256-${group}`);

export const withKe = (data: Uint8Array) => (message: IkeMessage) => ({
  ...message,
  payloads: message.payloads.map(it => (it.type === 'KE' ? { ...it, data } : it)),
});

/** The peer calls with it; alice drops that, or says INVALID_SYNTAX, and serves who does it right. */
export async function judgeCallWith(peer: TesterPeer, group: string, data: Uint8Array): Promise<void> {
  peer.suite = suiteWith(group);
  const { response } = await attempt(peer, { message: withKe(data) });
  judgeNotAccepted(peer, response, 'alice makes an IKE SA of a value that is none of its group');
  peer.nextRequest = 0;
  peer.initiatorSpi = peer.newSpi();
  await judgeStillServes(peer, 'alice does not serve a peer after one whose value was none of its group');
}

/** Alice calls, and is answered with it: she does not go on. */
export async function judgeAnswerWith(peer: TesterPeer, group: string, data: Uint8Array): Promise<void> {
  peer.suite = suiteWith(group);
  await answerInit(peer, await letAliceCall(peer), { message: withKe(data) });
  await peer.bench.lab.sleep(1_000);
  const [on] = peer.requests(ExchangeType.IKE_AUTH);
  if (on !== undefined) peer.bench.cite(on, 'she goes on with it', 'Payload KE', ...INSIDE);
  judge(on === undefined, 'alice makes an IKE SA of a value that is none of its group');
}
