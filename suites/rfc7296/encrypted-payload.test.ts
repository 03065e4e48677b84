import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, accepted, authPayloads, call, openCall } from '../tester/ike/initiate.ts';
import { deleteIke, notify, payloadOf } from '../tester/ike/payloads.ts';
import { type Heard, TesterPeer } from '../tester/ike/peer.ts';
import { judgeAlive } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §3.14: what is under SK, and what is not believed without it. */

/** An INFORMATIONAL request as it would be sent, and its Message ID used up only if it is taken. */
function request(peer: TesterPeer, payloads: Parameters<TesterPeer['encode']>[0]['payloads'] = []): Uint8Array {
  const header = peer.header(ExchangeType.INFORMATIONAL, peer.nextRequest, false);
  return require(peer.encode({ ...header, payloads })[0], 'nothing to send');
}

for (const [slug, at] of [
  ['icv', -1],
  ['ciphertext', -20],
  ['iv', 32],
  ['next-payload-of-sk', 28],
] as const) {
  ikeClause(
    `rfc7296-3.14-forged-request-is-dropped[${slug}]`,
    {
      level: 'MUST',
      text: 'A message whose ICV is wrong is dropped, in silence, and changes nothing',
      scenario: `The peer calls; a Delete of the IKE SA comes with one bit changed (${slug}). Then it asks whether alice lives.`,
      brokenBy: 'ike-answers-forgeries',
    },
    async peer => {
      await call(peer);
      const octets = request(peer, [deleteIke(), notify(40_960, new Uint8Array(16))]);
      const place = at < 0 ? octets.length + at : at;
      const answer = await peer.askAgain([octets.with(place, u8At(octets, place) ^ 1)]);
      if (answer !== null) peer.bench.cite(answer, 'to what is not authentic', ...INSIDE);
      judge(answer === null, 'alice answers a message that is not authentic');
      await judgeAlive(peer, 'alice gives up for a message that is not authentic');
    },
  );
}

ikeClause(
  'rfc7296-3.14-forgeries-do-not-end-it',
  {
    level: 'MUST',
    text: 'However many messages come that are not authentic: the IKE SA goes on',
    scenario: 'The peer calls; a hundred messages come with the SPIs of the IKE SA and any contents.',
    brokenBy: 'ike-gives-up-on-forgeries',
  },
  async peer => {
    await call(peer);
    const octets = request(peer);
    await peer.post(...Array.from({ length: 100 }, (_, i) => octets.with(octets.length - 1, i).with(40, i ^ 0x55)));
    await judgeAlive(peer, 'alice gives up for messages that are not authentic');
  },
);

ikeClause(
  'rfc7296-2.4-clear-messages-are-not-believed',
  {
    level: 'MUST',
    text: 'Nothing that is not under SK ends an IKE SA',
    scenario: 'The peer calls; then a Delete comes in the clear, with its SPIs and the next Message ID.',
    brokenBy: 'ike-believes-clear',
  },
  async peer => {
    await call(peer);
    const { keys } = peer;
    peer.keys = null;
    const octets = request(peer, [deleteIke()]);
    peer.keys = keys;
    await peer.post(octets);
    await judgeAlive(peer, 'alice believes a Delete in the clear');
  },
);

ikeClause(
  'rfc7296-2.4-clear-errors-are-not-believed',
  {
    level: 'MUST',
    text: 'A notify that is not under SK, as INVALID_IKE_SPI, does not end an IKE SA',
    scenario: 'The peer calls; then INVALID_IKE_SPI and AUTHENTICATION_FAILED come in the clear, as responses.',
    brokenBy: 'ike-believes-clear',
  },
  async peer => {
    await call(peer);
    const { keys } = peer;
    peer.keys = null;
    const header = peer.header(ExchangeType.INFORMATIONAL, 0, true);
    const octets = [4, 24].flatMap(type => peer.encode({ ...header, payloads: [notify(type)] }));
    peer.keys = keys;
    await peer.post(...octets);
    await judgeAlive(peer, 'alice believes an error in the clear');
  },
);

for (const [slug, sealing] of [
  ['zeros', { extraPadOctets: 32 }],
  ['any-octets', { extraPadOctets: 48, padOctet: 0xa5 }],
  ['as-much-as-can-be', { extraPadOctets: 240 }],
] as const) {
  ikeClause(
    `rfc7296-3.14-any-padding-is-accepted[${slug}]`,
    {
      level: 'MUST',
      text: 'Padding may have any contents and any length that fits the block; the recipient accepts it',
      scenario: `With AES-CBC, the peer asks whether alice lives, padded with ${sealing.extraPadOctets} octets more than it needs.`,
      brokenBy: 'ike-minds-padding',
    },
    async (_peer, bench) => {
      const peer = new TesterPeer(bench, { suite: 'aes256-sha256-prfsha256-ecp256' });
      await call(peer);
      const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [], sealing });
      judge(answer !== null, 'alice does not take padding that she need not have');
      peer.bench.cite(answer, 'her answer', ...INSIDE);
    },
  );
}

ikeClause(
  'rfc7296-3.14-pad-length-beyond-payload',
  {
    level: 'MUST',
    text: 'A Pad Length beyond what is there is no message: it is not processed, and does no harm',
    scenario: 'The peer calls and sends a request whose Pad Length says 255; then it asks whether alice lives.',
    brokenBy: 'ike-dies-of-padding',
  },
  async peer => {
    await call(peer);
    const messageId = peer.nextRequest;
    await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [], messageId, sealing: { padLength: 255 } });
    await judgeAlive(peer, 'alice gives up for a Pad Length that cannot be');
  },
);

/** The IVs of alice's messages under SK, whether or not they can be opened. */
const ivs = (heard: readonly Heard[], octets: number): string[] =>
  heard.flatMap(({ opened, octets: message }) =>
    opened.kind === 'opened' || opened.kind === 'sealed'
      ? [Buffer.from(message.subarray(32, 32 + octets)).toString('hex')]
      : [],
  );

for (const [suite, octets] of [
  ['aes256gcm16-prfsha256-x25519', 8],
  ['aes128-sha256-prfsha256-modp2048', 16],
] as const) {
  ikeClause(
    `rfc7296-3.14-iv-is-never-used-again[${suite}]`,
    {
      level: 'MUST',
      text: 'Each message has an IV of its own',
      scenario: 'The peer calls and asks twenty times whether alice lives; the IVs of her answers are compared.',
      brokenBy: 'ike-same-iv',
    },
    async (_peer, bench) => {
      const peer = new TesterPeer(bench, { suite });
      const tried = await attempt(peer);
      const opening = accepted(peer, tried);
      await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
      for (let turn = 0; turn < 20; turn++) await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
      const all = ivs(peer.heard(), octets);
      judge(all.length > 2, 'alice says too little');
      judge(new Set(all).size === all.length, `alice uses ${new Set(all).size} IVs for ${all.length} messages`);
    },
  );
}

for (const suite of [
  'aes256gcm16-prfsha256-x25519',
  'aes128gcm16-prfsha384-ecp256',
  'aes256-sha256-prfsha256-modp2048',
  'aes128-sha256-prfsha256-ecp256',
]) {
  ikeClause(
    `rfc7296-2.14-keys[${suite}]`,
    {
      level: 'MUST',
      text: 'SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi and SK_pr are cut from prf+ (SKEYSEED, Ni | Nr | SPIi | SPIr)',
      scenario: 'The peer calls, with keys of its own making; AUTH, SK and the child are as it expects.',
      brokenBy: 'ike-same-secret',
    },
    async (_peer, bench) => {
      const peer = new TesterPeer(bench, { suite });
      const opening = await openCall(peer);
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
      judge(answer?.opened.kind === 'opened', 'alice has other keys than the peer');
      peer.bench.cite(answer, 'under the keys that both have', ...INSIDE);
      judge(payloadOf(answer.payloads, 'AUTH') !== null, 'alice does not accept AUTH by these keys');
    },
  );
}
