import { expect, test } from 'vitest';
import type { EventStatus } from '../supervisor/api.ts';
import { deprecatedTable, troubleTable } from './trouble-text.ts';

const event = (node: string, kind: string, detail: string): EventStatus => ({ at: '', node, kind, detail });
const dropped = (ports: string): EventStatus =>
  event('alice', 'filtered', `5.6.7.8 > 1.2.3.4 protocol 17 ports ${ports} in on net0: …`);
const words = (lines: readonly string[]) => lines.map(line => line.trim().replace(/ {2,}/g, ' | '));

test('the last failure of each kind, until something is negotiated', () => {
  const events = [
    event('alice', 'authenticationFailed', 'bob: the shared secrets differ'),
    event('bob', 'negotiationFailed', 'alice: NO_PROPOSAL_CHOSEN'),
    event('bob', 'ikeEstablished', 'alice'),
    event('alice', 'authenticationFailed', 'bob: AUTHENTICATION_FAILED'),
    event('alice', 'packetTooBig', '1447 octets'),
  ];
  expect(words(troubleTable(events))).toEqual([
    'TROUBLE | NODE | THE LAST ONE',
    'authenticationFailed | alice | bob: AUTHENTICATION_FAILED',
  ]);
  expect(troubleTable([])).toHaveLength(1);
});

test('a process that has ended, until the node is started again, by whomever', () => {
  const died = event('alice', 'died', 'it ended by SIGKILL');
  expect(words(troubleTable([died])).at(-1)).toBe('died | alice | it ended by SIGKILL');
  expect(troubleTable([died, event('bob', 'restarted', '')])).toHaveLength(2);
  for (const kind of ['restarted', 'restart']) expect(troubleTable([died, event('alice', kind, '')])).toHaveLength(1);
});

test('certificates that are about to end, whatever is negotiated now', () => {
  const events = [
    event('cell', 'certificateExpires', 'CN=cell ends on 2026-12-31'),
    event('cell', 'ikeEstablished', 'api'),
  ];
  expect(words(troubleTable(events)).at(-1)).toBe('certificateExpires | cell | CN=cell ends on 2026-12-31');
});

test('a filter that keeps IKE out, and what to do about it', () => {
  expect(troubleTable([dropped('53 > 53')])).toHaveLength(1);
  expect(troubleTable([dropped('500 > 500')]).at(-1)).toMatch(/^ {2}fix: let IKE .* pass the filter of alice$/);
});

test('what is deprecated, once for each peer however often it is negotiated', () => {
  const deprecated = { connection: 'bob', remarks: ['IKEv1 (RFC 9395)', 'modp1536'] };
  const events = [
    { ...event('alice', 'deprecated', 'bob: bob[3]: IKEv1 (RFC 9395); modp1536'), deprecated },
    event('alice', 'ikeEstablished', 'bob[3]'),
    { ...event('alice', 'deprecated', 'bob: bob[4]: IKEv1 (RFC 9395); modp1536'), deprecated },
  ];
  expect(words(deprecatedTable(events)).slice(1)).toEqual(['IKEv1 (RFC 9395); modp1536 | alice | bob']);
  expect(troubleTable(events)).toHaveLength(1);
});
