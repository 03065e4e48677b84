import { describe, expect, test } from 'vitest';
import { formatRange, holdsAddress } from './address-range.ts';
import { identityMeant, type KnownCertificate, parseSelector, selects } from './certificate-selector.ts';

const PLACE = { line: 1, column: 1 };
const ALICE: KnownCertificate = {
  name: 'alice',
  subject: 'CN=alice,O=Sun Microsystems\\, Inc.,C=US',
  issuer: 'CN=ca,C=US',
  names: ['alice.lab', 'root@domain.org', '10.0.0.1'],
  slot: 3,
};

/** Whether a selector means Alice; null: it is none. */
function isAlice(text: string): boolean | null {
  const selector = parseSelector(text, PLACE);
  return selector === null ? null : selects(selector, ALICE);
}

function meant(text: string): string | null | undefined {
  const selector = parseSelector(text, PLACE);
  return selector === null ? undefined : identityMeant(selector);
}

describe('selectors of certificates', () => {
  test.each([
    'C=US, O=Sun Microsystems\\, Inc., CN=alice',
    'SUBJECT=C=US,O=Sun Microsystems\\, Inc.,CN=ALICE',
    'ISSUER=C=US, CN=ca',
    'SLOT=3',
    'DNS=alice.lab',
    'Alice.Lab',
    'EMAIL=root@domain.org',
    'root@domain.org',
    'IP=10.0.0.1',
    '10.0.0.1',
    '!C=US, CN=bob',
    '',
  ])('"%s" is Alice', text => expect(isAlice(text)).toBe(true));

  test.each(['C=US, CN=alice', 'ISSUER=C=US, CN=other', 'SLOT=4', 'bob.lab', '10.0.0.2', '!SLOT=3'])(
    '"%s" is not',
    text => expect(isAlice(text)).toBe(false),
  );

  test.each(['SLOT=x', 'C=', 'a b', 'URI=http://a', '%any', 'IP=alice'])('"%s" names nothing', text =>
    expect(isAlice(text)).toBeNull(),
  );

  test('whom they mean', () => {
    expect(['C=US, CN=a', 'DNS=a.lab', 'SLOT=1', '', '!CN=a'].map(meant)).toEqual([
      'CN=a,C=US',
      'a.lab',
      null,
      null,
      null,
    ]);
  });
});

test('addresses, prefixes and ranges', () => {
  expect(
    ['10.0.0.1', '10.0.0.7/24', '10.0.0.1 - 10.0.0.9', '2001:DB8::1/32', '10.0.0.9-10.0.0.1', 'x'].map(formatRange),
  ).toEqual(['10.0.0.1', '10.0.0.0/24', '10.0.0.1-10.0.0.9', '2001:db8::/32', null, null]);
  expect(
    ['10.0.0.0/24', '10.0.0.5-10.0.0.9', '10.0.0.7', '0.0.0.0/0', '::/0'].map(text => holdsAddress(text, '10.0.0.7')),
  ).toEqual([true, true, true, true, false]);
});
