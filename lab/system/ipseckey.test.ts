import { expect, test } from 'vitest';
import { ALICE, TypedNode } from './testing/typed-node.ts';

const ENCRYPTION = 'a5'.repeat(16);
const INTEGRITY = '5a'.repeat(32);
const SA = 'spi 0x2112 src 1.2.3.4 dst 5.6.7.8';
const ADD = `add esp ${SA} encr_alg aes encrkey ${ENCRYPTION} auth_alg sha256 authkey ${INTEGRITY}`;

test('ipseckey adds an SA, shows it without its keys, and takes it away', () => {
  const node = new TypedNode(ALICE);
  expect(node.type(`ipseckey ${ADD}`)).toBe('');
  const shown = node.type('ipseckey dump esp');
  expect(shown).toMatch(
    /^Base message \(version 2\) type DUMP, SA type ESP\.\nSA: SADB_ASSOC spi=0x2112, replay window size=\d+, state=MATURE\n/,
  );
  expect(shown).toContain('SA: Authentication algorithm = hmac-sha256\nSA: Encryption algorithm = aes-cbc\n');
  expect(shown).toContain('SRC: AF_INET: port 0, 1.2.3.4.\n');
  expect(shown).toMatch(/\nDump succeeded for SA type 3\.\n$/);
  expect(shown).not.toMatch(new RegExp(`${ENCRYPTION}|${INTEGRITY}`));
  expect(node.node.status().sas).toMatchObject([{ spi: 0x2112, direction: 'outbound', protocol: 'esp' }]);
  expect(node.type('ipseckey get esp spi 8466')).toContain('spi=0x2112');
  expect(node.type('ipseckey delete esp spi 0x2112 dst 5.6.7.8')).toBe('');
  expect(node.type('ipseckey dump')).toBe('Dump succeeded for SA type 0.\n');
});

test('ipseckeys are what ipsec/manual-key reads, as often as it begins, and after a restart of the node', () => {
  const node = new TypedNode(ALICE);
  node.type('tee /etc/inet/secret/ipseckeys', `flush # of old ones\n${ADD.replace(' encr_alg', ' \\\n  encr_alg')}\n`);
  expect(node.type('ipseckey -c /etc/inet/secret/ipseckeys')).toBe('');
  expect(node.node.status().sas).toHaveLength(0);
  for (const line of ['svcadm enable ipsec/manual-key', 'svcadm restart ipsec/manual-key']) {
    expect(node.type(line)).toBe('');
    expect(node.node.status().sas).toHaveLength(1);
  }
  node.restart();
  expect(node.node.status().sas).toHaveLength(1);
  node.type('ipseckey flush ah');
  expect(node.node.status().sas).toHaveLength(1);
  node.type('ipseckey flush');
  expect(node.node.status().sas).toHaveLength(0);
});

test('nothing is done of a text with an error in it, which says the line and no key', () => {
  const node = new TypedNode(ALICE);
  const said = node.type('ipseckey -f -', `${ADD}\nadd esp ${SA} encr_alg aes encrkey ${ENCRYPTION}00\n`);
  expect(said).toContain('stdin:2: ipseckey: aes has keys of 128, 192, 256 bits, and encrkey has 136');
  expect(said).not.toContain(ENCRYPTION);
  expect(node.node.status().sas).toHaveLength(0);
});

test.each([
  ['ipseckey dmup', 'Unrecognized command \'dmup\'\n  fix: did you mean "dump"?'],
  ['ipseckey dump ip', "Unrecognized SA type 'ip'"],
  ['ipseckey get esp spi 5', 'ipseckey dump shows those that there are'],
  ['ipseckey get esp', 'an SA is told by its SPI'],
  [`ipseckey add esp ${SA} encr_alg ase encrkey 00 auth_alg sha256 authkey 00`, 'did you mean "aes"?'],
  [`ipseckey add esp ${SA}`, 'an SA has an algorithm and a key'],
  [`ipseckey add ah ${SA} encr_alg aes encrkey ${ENCRYPTION}`, 'AH encrypts nothing'],
  [`ipseckey add esp spi 1 src host dst 5.6.7.8`, "'host' is no address"],
  [`ipseckey add esp ${SA} spii 3`, "Unrecognized extension 'spii'"],
  ['ipseckey save all keys', 'keys leave no node'],
  ['ipseckey -f /nowhere', '/nowhere: No such file or directory'],
])('%s: what is wrong, and what to do', (line, expected) => {
  expect(new TypedNode(ALICE).type(line)).toContain(expected);
});
