import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { ikeFromAlice } from '../tester/ike/ike-on-bench.ts';
import { attempt, call } from '../tester/ike/initiate.ts';
import { answerCall, letAliceCall } from '../tester/ike/respond.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { judgeAccepted } from '../tester/ike/verdicts.ts';

/** RFC 7296 §3.1: the IKE header. */

const NO_SPI = '0000000000000000';

ikeClause(
  'rfc7296-3.1-initiator-spi-is-kept',
  {
    level: 'MUST',
    text: 'The initiator’s SPI, which it has chosen, stands in the answer as well',
    scenario: 'The peer sends IKE_SA_INIT; the SPIs of her answer are looked at.',
    brokenBy: 'ike-own-initiator-spi',
  },
  async peer => {
    const { response } = await attempt(peer);
    const { ike } = require(response, 'alice did not answer IKE_SA_INIT');
    if (response !== null) peer.bench.cite(response, `initiator’s SPI ${ike?.initiatorSpi}`, "Initiator's SPI");
    judge(ike?.initiatorSpi === peer.initiatorSpi, `alice answers with the initiator’s SPI ${ike?.initiatorSpi}`);
  },
);

ikeClause(
  'rfc7296-3.1-responder-spi-is-not-zero',
  {
    level: 'MUST',
    text: 'The responder’s SPI is zero in the first message of an exchange that begins an IKE SA, and in no other that accepts one',
    scenario: 'The peer sends IKE_SA_INIT; the SPIs of her answer are looked at.',
    brokenBy: 'ike-no-responder-spi',
  },
  async peer => {
    const { response } = await attempt(peer);
    judgeAccepted(peer, response, 'alice does not accept IKE_SA_INIT');
    peer.bench.cite(response, `responder’s SPI ${response.ike?.responderSpi}`, "Responder's SPI");
    judge(response.ike?.responderSpi !== NO_SPI, 'alice accepts an IKE SA without an SPI of her own');
  },
);

ikeClause(
  'rfc7296-3.1-responder-spi-is-zero-at-first',
  {
    level: 'MUST',
    text: 'The responder’s SPI is zero in the first message',
    scenario: 'A packet from behind alice makes her call; her first message is looked at.',
    brokenBy: 'ike-guesses-responder-spi',
  },
  async peer => {
    const { ike, ...heard } = await letAliceCall(peer);
    peer.bench.cite(heard, `SPIs ${ike?.initiatorSpi} and ${ike?.responderSpi}`, "Responder's SPI");
    judge(ike?.responderSpi === NO_SPI, `alice begins with the responder’s SPI ${ike?.responderSpi}`);
    judge(ike.initiatorSpi !== NO_SPI, 'alice begins without an SPI of her own');
  },
);

/** Everything that alice says when the peer calls. */
async function everything(peer: TesterPeer): Promise<readonly Heard[]> {
  await call(peer).catch(() => null); // what a broken one says may lead nowhere
  await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
  return peer.heard();
}

ikeClause(
  'rfc7296-3.1-major-version',
  {
    level: 'MUST',
    text: 'The major version is 2',
    scenario: 'The peer calls; each message of alice’s is looked at.',
    brokenBy: 'ike-major-version',
  },
  async peer => {
    for (const { ike, ...seen } of await everything(peer)) {
      if (ike?.majorVersion !== 2) peer.bench.cite(seen, 'not version 2', 'Version');
      judge(ike?.majorVersion === 2, `alice sends version ${ike?.majorVersion}`);
    }
  },
);

ikeClause(
  'rfc7296-3.1-minor-version',
  {
    level: 'MUST',
    text: 'The minor version is 0',
    scenario: 'The peer calls; each message of alice’s is looked at.',
    brokenBy: 'ike-minor-version',
  },
  async peer => {
    for (const { ike, ...seen } of await everything(peer)) {
      if (ike?.minorVersion !== 0) peer.bench.cite(seen, 'not version 2.0', 'Version');
      judge(ike?.minorVersion === 0, `alice sends version 2.${ike?.minorVersion}`);
    }
  },
);

ikeClause(
  'rfc7296-3.1-minor-version-is-ignored',
  {
    level: 'MUST',
    text: 'The minor version of a message is ignored',
    scenario: 'The peer sends IKE_SA_INIT with version 2.15.',
    brokenBy: 'ike-minds-minor-version',
  },
  async peer => {
    const { response } = await attempt(peer, { message: message => ({ ...message, minorVersion: 15 }) });
    judgeAccepted(peer, response, 'alice does not speak with version 2.15');
  },
);

ikeClause(
  'rfc7296-3.1-initiator-flag',
  {
    level: 'MUST',
    text: 'The Initiator flag is set by the original initiator of the IKE SA, and by nobody else',
    scenario: 'The peer calls alice, and she calls another time; the flags of IKE_SA_INIT are looked at.',
    brokenBy: 'ike-initiator-flag',
  },
  async peer => {
    const { response } = await attempt(peer);
    const answer = require(response, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(answer, 'she is not the initiator', 'Flags');
    judge(answer.ike?.isInitiator === false, 'alice sets the Initiator flag in her answer');
    const first = await letAliceCall(peer);
    peer.bench.cite(first, 'she is', 'Flags');
    judge(first.ike?.isInitiator === true, 'alice does not set the Initiator flag when she calls');
  },
);

ikeClause(
  'rfc7296-3.1-initiator-flag-stays',
  {
    level: 'MUST',
    text: 'The Initiator flag is about the IKE SA, not about the exchange',
    scenario: 'Alice calls; then the peer asks whether she lives. She answers with the flag of the initiator.',
    brokenBy: 'ike-initiator-flag',
  },
  async peer => {
    const first = await letAliceCall(peer);
    judge(first.ike?.isInitiator === true, 'alice does not set the Initiator flag when she calls');
    await answerCall(peer);
    peer.nextRequest = 0;
    const answer = require(await peer.ask({
      exchange: ExchangeType.INFORMATIONAL,
      payloads: [],
    }), 'alice did not answer whether she lives');
    peer.bench.cite(answer, 'she answers, as the initiator that she was', 'Flags');
    judge(answer.ike?.isInitiator === true, 'alice forgets that she was the initiator');
  },
);

ikeClause(
  'rfc7296-3.1-response-flag',
  {
    level: 'MUST',
    text: 'The Response flag is set in responses and clear in requests',
    scenario: 'The peer calls alice, and she calls another time; the flags of IKE_SA_INIT are looked at.',
    brokenBy: 'ike-response-flag',
  },
  async peer => {
    await attempt(peer);
    const [answer] = ikeFromAlice(peer.bench);
    const seen = require(answer, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(seen, 'a response', 'Flags');
    judge(seen.ike?.isResponse === true, 'alice answers without the Response flag');
    const before = ikeFromAlice(peer.bench).length;
    await letAliceCall(peer).catch(() => null);
    const first = require(ikeFromAlice(peer.bench)[before], 'alice did not call');
    judge(first.ike?.isResponse === false, 'alice calls with the Response flag');
  },
);

ikeClause(
  'rfc7296-3.1-version-flag',
  {
    level: 'MUST',
    text: 'The Version flag is clear in what is sent',
    scenario: 'The peer calls; each message of alice’s is looked at.',
    brokenBy: 'ike-version-flag',
  },
  async peer => {
    for (const { ike, ...seen } of await everything(peer)) {
      if (ike?.higherVersion !== false) peer.bench.cite(seen, 'the Version flag', 'Flags');
      judge(ike?.higherVersion === false, 'alice sets the Version flag');
    }
  },
);

ikeClause(
  'rfc7296-3.1-version-flag-is-ignored',
  {
    level: 'MUST',
    text: 'The Version flag of a message is ignored',
    scenario: 'The peer sends IKE_SA_INIT with the Version flag.',
    brokenBy: 'ike-minds-version-flag',
  },
  async peer => {
    const { response } = await attempt(peer, { message: message => ({ ...message, higherVersion: true }) });
    judgeAccepted(peer, response, 'alice does not speak with who sets the Version flag');
  },
);

ikeClause(
  'rfc7296-3.1-reserved-flags',
  {
    level: 'MUST',
    text: 'The reserved flags are clear in what is sent',
    scenario: 'The peer calls; each message of alice’s is looked at.',
    brokenBy: 'ike-reserved-flags',
  },
  async peer => {
    for (const { octets, ...seen } of await everything(peer)) {
      const flags = u8At(octets, 19);
      if ((flags & 0xc7) !== 0) peer.bench.cite(seen, `flags 0x${flags.toString(16)}`, 'Flags');
      judge((flags & 0xc7) === 0, `alice sets the flags 0x${flags.toString(16)}`);
    }
  },
);

ikeClause(
  'rfc7296-3.1-reserved-flags-are-ignored',
  {
    level: 'MUST',
    text: 'The reserved flags of a message are ignored',
    scenario: 'The peer sends IKE_SA_INIT with all reserved flags set.',
    brokenBy: 'ike-minds-reserved-flags',
  },
  async peer => {
    const { response } = await attempt(peer, { octets: octets => octets.with(19, u8At(octets, 19) | 0xc7) });
    judgeAccepted(peer, response, 'alice does not take a message with reserved flags');
  },
);

ikeClause(
  'rfc7296-3.1-length',
  {
    level: 'MUST',
    text: 'Length is that of the whole message, header included',
    scenario: 'The peer calls; each message of alice’s is measured.',
    brokenBy: 'ike-wrong-length',
  },
  async peer => {
    await attempt(peer);
    const seen = require(ikeFromAlice(peer.bench, peer.traits.address)[0], 'alice did not answer IKE_SA_INIT');
    const length = Buffer.from(seen.octets).readUInt32BE(24);
    peer.bench.cite(seen, `says ${length} octets`, 'Length');
    judge(length === seen.octets.length, `alice says ${length} octets of a message with ${seen.octets.length}`);
  },
);
