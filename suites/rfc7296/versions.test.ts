import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, call } from '../tester/ike/initiate.ts';
import { judgeAlive, judgeNotAccepted, judgeNotified } from '../tester/ike/verdicts.ts';

/** RFC 7296 §2.5: versions. */

ikeClause(
  'rfc7296-2.5-higher-version-is-dropped',
  {
    level: 'MUST',
    text: 'A message with a higher major version is dropped',
    scenario: 'The peer sends IKE_SA_INIT with version 3.',
    brokenBy: 'ike-takes-any-version',
  },
  async peer => {
    const { response } = await attempt(peer, { message: message => ({ ...message, majorVersion: 3 }) });
    judgeNotAccepted(peer, response, 'alice takes version 3 for version 2');
  },
);

ikeClause(
  'rfc7296-2.5-higher-version-is-answered',
  {
    level: 'SHOULD',
    text: 'It is answered with INVALID_MAJOR_VERSION in the clear, under the highest version that is spoken',
    scenario: 'The peer sends IKE_SA_INIT with version 3.',
    brokenBy: 'ike-hides-version',
  },
  async peer => {
    const { response } = await attempt(peer, { message: message => ({ ...message, majorVersion: 3 }) });
    judgeNotified(peer, response, NotifyType.INVALID_MAJOR_VERSION, 'INVALID_MAJOR_VERSION');
    judge(response?.ike?.majorVersion === 2, `alice answers with version ${response?.ike?.majorVersion}`);
    judge(response.ike.initiatorSpi === peer.initiatorSpi, 'alice answers with other SPIs');
  },
);

ikeClause(
  'rfc7296-2.5-higher-version-does-no-harm',
  {
    level: 'MUST',
    text: 'A message of version 3 with the SPIs of an IKE SA does nothing to it',
    scenario: 'The peer calls; then a Delete comes with the SPIs of the IKE SA and version 3, in the clear.',
    brokenBy: 'ike-believes-clear',
  },
  async peer => {
    await call(peer);
    const { keys } = peer;
    peer.keys = null;
    const payloads = [{ type: 'D', protocolId: 1, spis: [] } as const];
    await peer.ask({
      exchange: ExchangeType.INFORMATIONAL,
      payloads,
      messageId: peer.nextRequest,
      message: message => ({ ...message, majorVersion: 3 }),
    });
    peer.keys = keys;
    await judgeAlive(peer, 'alice takes version 3 for a word about her IKE SA');
  },
);
