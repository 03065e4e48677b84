import { encodeIsakmpMessage, encodeIsakmpPayloads } from '../../engine/wire/isakmp/codec.ts';
import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { askAggressive, callAggressive } from '../tester/ike-v1/aggressive-mode.ts';
import { areYouThere, inform, informationalOrder } from '../tester/ike-v1/informational.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { callMain, isChosen, offer, offerPayloads } from '../tester/ike-v1/main-mode.ts';
import { deleteEsp, deleteIsakmp, EXCHANGE, notify, NOTIFY, payloadOf, vendor } from '../tester/ike-v1/payloads.ts';
import type { V1Alteration } from '../tester/ike-v1/peer.ts';
import { AGGRESSIVE } from '../tester/ike-v1/plans.ts';
import { quick } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeNotChosen, judgeStillServes } from '../tester/ike-v1/verdicts.ts';
import { judge } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** Messages that have ended implementations of IKEv1, or made them do what they should not. */

const SERVES = 'alice does not serve a peer any more';

for (const [slug, cookieR] of Object.entries({ own: null, strange: '0102030405060708' })) {
  v1Clause(
    `adversary-1-responder-cookie-in-message-1[${slug}]`,
    {
      level: 'MUST',
      text: 'A first message of Aggressive Mode has no responder’s cookie: one with it is no first message (CVE-2023-30570)',
      scenario:
        'Behind Aggressive Mode the peer sends a first message with a responder’s cookie, alice’s own or another.',
      brokenBy: 'v1-any-responder-cookie',
      plan: AGGRESSIVE,
    },
    async peer => {
      await callAggressive(peer);
      const { sa } = peer;
      const before = peer.said(EXCHANGE.aggressive).length;
      const next = peer.begin();
      next.cookieI = slug === 'own' ? sa.cookieI : next.cookieI;
      next.cookieR = cookieR ?? sa.cookieR;
      await askAggressive(peer);
      const said = peer.said(EXCHANGE.aggressive).slice(before);
      const fresh = said.filter(({ payloads }) => payloadOf(payloads, 'KE') !== null);
      for (const seen of fresh.slice(0, 1)) peer.bench.cite(seen, 'she begins anew', 'Payload SA');
      judge(fresh.length === 0, 'alice takes it for the first message of an exchange');
      peer.sa = sa;
      await judgeAlive(peer, 'the ISAKMP SA has gone with it');
    },
  );
}

v1Clause(
  'adversary-1-responder-cookie-as-initiator-cookie',
  {
    level: 'MUST',
    text: 'Cookies that were seen in one place mean nothing in another: no state is used twice (CVE-2023-30570)',
    scenario: 'The peer calls again with alice’s cookie of the first ISAKMP SA as its own; both stand.',
    brokenBy: 'v1-knows-one-peer',
  },
  async peer => {
    await callMain(peer);
    const { sa } = peer;
    peer.begin().cookieI = sa.cookieR;
    const done = await callMain(peer).catch((error: unknown) => error);
    judge(!(done instanceof Error), `alice does not take the call: ${done instanceof Error ? done.message : ''}`);
    await judgeAlive(peer, 'the second ISAKMP SA does not stand');
    peer.sa = sa;
    await judgeAlive(peer, 'the first ISAKMP SA has gone');
  },
);

/** Exchange types, with a first payload for each. */
const STRANGERS: Readonly<Record<string, { readonly exchange: number; readonly payloads: readonly IsakmpPayload[] }>> =
  {
    base: { exchange: 1, payloads: [{ type: 'NONCE', data: new Uint8Array(16) }] },
    main: {
      exchange: 2,
      payloads: [
        { type: 'KE', data: new Uint8Array(128) },
        { type: 'NONCE', data: new Uint8Array(16) },
      ],
    },
    aggressive: { exchange: 4, payloads: [{ type: 'HASH', data: new Uint8Array(20) }] },
    informational: { exchange: 5, payloads: [notify(NOTIFY.initialContact)] },
    transaction: { exchange: 6, payloads: [{ type: 'ATTR', cfgType: 1, identifier: 1, attributes: [] }] },
    quick: { exchange: 32, payloads: [{ type: 'HASH', data: new Uint8Array(20) }] },
    'new-group': { exchange: 33, payloads: [{ type: 'HASH', data: new Uint8Array(20) }] },
  };

for (const [slug, { exchange, payloads }] of Object.entries(STRANGERS)) {
  v1Clause(
    `adversary-2-no-state[${slug}]`,
    {
      level: 'MUST',
      text: 'A message for which there is no state is dropped; what is said to it is no longer than it (CVE-2022-23094)',
      scenario: `Somebody sends exchange ${slug} with cookies of no ISAKMP SA, in the clear and as if it were encrypted.`,
      brokenBy: 'v1-dies-of-refusals',
    },
    async peer => {
      const header = {
        ...peer.header(exchange, 7),
        initiatorCookie: 'deadbeefdeadbeef',
        responderCookie: 'cafebabecafebabe',
      };
      const clear = encodeIsakmpMessage({ ...header, payloads, body: null });
      const body = peer.draw(64);
      const sealed = encodeIsakmpMessage({ ...header, isEncrypted: true, payloads: [], firstPayload: 8, body });
      const messages = [clear, sealed, clear.subarray(0, 28), clear.subarray(0, clear.length - 3)];
      await peer.post(...messages);
      const said = peer.heard();
      for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'what she says to a stranger', ...INSIDE, 'Payload N');
      judge(
        said.every(({ message }) => message?.exchangeType === EXCHANGE.informational),
        'alice goes on with a stranger',
      );
      const [taken, given] = [messages, said.map(({ octets }) => octets)].map(all =>
        all.reduce((sum, it) => sum + it.length, 0),
      );
      judge((given ?? 0) <= (taken ?? 0), `alice says ${given} octets to ${taken}`);
      await judgeStillServes(peer, SERVES);
    },
  );
}

v1Clause(
  'adversary-3-deleted-twice',
  {
    level: 'MUST',
    text: 'What one payload of a message has deleted is not used by the next one (CVE-2023-38712)',
    scenario:
      'The peer deletes its SA twice in one message, with a notify about it, and the ISAKMP SA twice in another.',
    brokenBy: 'v1-dies-of-deletes',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    const spi = u32(child.outbound.spi);
    const about = notify(NOTIFY.responderLifetime, Uint8Array.of(128, 1, 0, 1), { protocolId: 3, spi });
    await inform(peer, [deleteEsp(spi), deleteEsp(spi, spi), about, deleteEsp(spi)]);
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
    await quick(peer, { childSpi: 0xc0ff_ee07 });
    await inform(peer, [
      deleteIsakmp(peer.sa),
      deleteIsakmp(peer.sa),
      deleteEsp(u32(0xc0ff_ee07)),
      about,
      areYouThere(peer, 9),
    ]);
    await judgeStillServes(peer, SERVES);
  },
);

for (const [slug, order] of Object.entries({
  'hash-last': (hash: IsakmpPayload, it: IsakmpPayload) => [it, hash],
  'no-hash': (_hash: IsakmpPayload, it: IsakmpPayload) => [it],
  'empty-hash': (_hash: IsakmpPayload, it: IsakmpPayload) => [{ type: 'HASH', data: new Uint8Array(0) } as const, it],
})) {
  v1Clause(
    `adversary-4-without-hash[${slug}]`,
    {
      level: 'MUST',
      text: 'An Informational exchange without a valid HASH in front is ignored (CVE-2019-10155)',
      scenario: `The peer deletes the ISAKMP SA by a message of another form: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-believes-hashes',
    },
    async peer => {
      await callMain(peer);
      const right = informationalOrder(peer, [deleteIsakmp(peer.sa)]);
      const { octets } = encodeIsakmpPayloads(right.payloads);
      const hash: IsakmpPayload = { type: 'HASH', data: right.hash?.(octets) ?? octets };
      const payloads = order(hash, deleteIsakmp(peer.sa));
      await peer.send({ ...right, payloads }, { hash: () => null });
      await judgeAlive(peer, 'alice believes a Delete that has no HASH in front');
    },
  );
}

/** Each behind a HASH that is right: a notify and a Delete, spoilt. */
const TRUNCATED: Readonly<Record<string, (octets: Buffer) => Uint8Array>> = {
  'cut-in-the-header': octets => octets.subarray(0, 3),
  'cut-in-the-body': octets => octets.subarray(0, 9),
  'length-too-long': octets => written16(octets, 2, 0xffff),
  'length-0': octets => written16(octets, 2, 0),
  'length-3': octets => written16(octets, 2, 3),
  'spi-size-255': octets => {
    octets.writeUInt8(255, 9);
    return octets;
  },
  'many-spis': octets => written16(octets, 10, 0xffff),
};

function written16(octets: Buffer, at: number, value: number): Buffer {
  octets.writeUInt16BE(value, at);
  return octets;
}

for (const [slug, spoil] of Object.entries(TRUNCATED)) {
  v1Clause(
    `adversary-5-truncated[${slug}]`,
    {
      level: 'MUST',
      text: 'Nothing is read behind the end of a payload, whatever it says of its length (CVE-2020-1763)',
      scenario: `The peer sends a notify, and a Delete, behind a HASH that is right: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-dies-of-refusals',
    },
    async peer => {
      await callMain(peer);
      for (const payload of [deleteEsp(u32(0xdead_0009)), notify(45_000, peer.draw(8))]) {
        const { first, octets } = encodeIsakmpPayloads([payload]);
        const spoilt = Uint8Array.from(spoil(Buffer.from(octets)));
        await inform(peer, [], { sealing: { inside: { first, octets: spoilt } } });
      }
      // What says nothing wrong of itself is refused for another reason: it ends in the middle of a block.
      await inform(peer, [notify(45_000)], { sealing: { cut: 3 }, isAside: true });
      await judgeAlive(peer, 'the ISAKMP SA has gone with it');
      await judgeStillServes(peer, SERVES);
    },
  );
}

for (const [slug, type] of Object.entries({
  'sa-of-ikev2': 33,
  'encrypted-of-ikev2': 46,
  'fragment-of-ikev2': 53,
  proposal: 2,
  transform: 3,
})) {
  v1Clause(
    `adversary-14-payloads-of-ikev2[${slug}]`,
    {
      level: 'MUST',
      text: 'Payload types of IKEv2, and those that stand in others alone, are not valid in a message of IKEv1 (CVE-2015-3991)',
      scenario: `The peer’s first message says that its first payload is of type ${type}.`,
      brokenBy: 'v1-any-header',
    },
    async peer => {
      const { response } = await offer(peer, { octets: octets => Uint8Array.from(octets).fill(type, 16, 17) });
      judgeNotChosen(peer, response, 'alice takes it for an SA payload of IKEv1');
      await judgeStillServes(peer, SERVES);
    },
  );
}

const CHAINS: Readonly<Record<string, (payloads: readonly IsakmpPayload[]) => V1Alteration>> = {
  'a-thousand-payloads': payloads => ({
    octets: () => NOTHING,
    message: message => ({ ...message, payloads: [...payloads, ...Array.from({ length: 1000 }, () => vendor(''))] }),
  }),
  'a-payload-of-0-octets': () => ({ octets: octets => lastLength(octets, 0) }),
  'a-payload-of-3-octets': () => ({ octets: octets => lastLength(octets, 3) }),
  'a-payload-that-goes-on': () => ({ octets: octets => lastLength(octets, 0xfff0) }),
};

const NOTHING = new Uint8Array(0);

/** The last vendor ID says another length. */
function lastLength(octets: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(octets);
  copy.set([length >> 8, length & 255], copy.length - 18);
  return copy;
}

for (const [slug, alteration] of Object.entries(CHAINS)) {
  v1Clause(
    `adversary-16-chain[${slug}]`,
    {
      level: 'MUST',
      text: 'The number of payloads is bounded, and each one leads forward: what is not so is dropped (CVE-2026-12413)',
      scenario: `The peer’s first message: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-cuts-chains',
    },
    async peer => {
      const how = alteration(offerPayloads(peer));
      const { octets, ...rest } = how;
      const { response } = await offer(
        peer,
        how.message === undefined ? { ...rest, ...(octets === undefined ? {} : { octets }) } : rest,
      );
      judge(!isChosen(response), 'alice goes on with a message that has no end');
      await judgeStillServes(peer, SERVES);
    },
  );
}
