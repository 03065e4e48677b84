import { describe, expect, test } from 'vitest';
import { createInboundSa, createOutboundSa } from '../ipsec/sa-input.ts';
import { createPolicy } from '../ipsec/spd.ts';
import { formatDiagnostic } from './diagnostic.ts';
import { policyConfigOf, saConfigOf, type StatedPolicies } from './policy.ts';
import { readSetkey } from './setkey.ts';

const FILE = 'etc/setkey.conf';

/** Throws what is wrong with the text. */
function stated(text: string, legacy = false): StatedPolicies {
  const reading = readSetkey(FILE, text, { legacy });
  if (reading.stated === null) throw new Error(reading.diagnostics.map(formatDiagnostic).join('\n'));
  return reading.stated;
}

const policies = (text: string) => stated(text).policies.filter(policy => !policy.isImplied);
const sasOf = (text: string, legacy = false) => stated(text, legacy).sas.map(({ sa }) => sa);

function errors(text: string): string[] {
  const reading = readSetkey(FILE, text, { legacy: false });
  expect(reading.stated).toBeNull();
  return reading.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** One node of a mesh that goes over to IPsec without an interruption: first `use` everywhere, then `require`. */
const rollOut = (level: string) => `flush; spdflush;
spdadd 192.168.33.12 192.168.33.11 any -P out ipsec
    esp/transport//${level};
spdadd 192.168.33.11 192.168.33.12 any -P in ipsec
    esp/transport//${level};
`;

describe('the two stages of a roll-out', () => {
  test.each(['use', 'require'] as const)('%s', level => {
    const [out, back] = policies(rollOut(level));
    expect(out).toMatchObject({
      name: 'setkey.conf:2',
      direction: 'outbound',
      local: '192.168.33.12/32',
      remote: '192.168.33.11/32',
      protocol: 'any',
      action: {
        kind: 'protect',
        transforms: [{ protocol: 'esp', mode: 'transport', level, requestId: null, ends: null, suites: null }],
      },
    });
    expect(back).toMatchObject({ direction: 'inbound', local: '192.168.33.12/32', remote: '192.168.33.11/32' });
  });

  test('what no policy is about passes, as it does in the kernels that setkey talks to', () => {
    const all = stated(rollOut('use')).policies;
    expect(all.map(({ name, action }) => `${name} ${action.kind}`)).toEqual([
      'setkey.conf:ike bypass',
      'setkey.conf:2 protect',
      'setkey.conf:4 protect',
      'setkey.conf:otherwise bypass',
    ]);
  });
});

const spdadd = (port: number, priority: string) => `spdadd 10.0.0.1 10.0.0.2[${port}] tcp -P out ${priority} none;`;

describe('spdadd', () => {
  test('an example of the manual: ports, prefixes, and tunnel mode', () => {
    const text = `spdadd 10.0.11.41/32[21] 10.0.11.33/32[any] any
	-P out ipsec esp/tunnel/192.168.0.1-192.168.1.2/require ;`;
    expect(policies(text)).toMatchObject([
      {
        local: '10.0.11.41/32',
        localPort: 21,
        remote: '10.0.11.33/32',
        remotePort: 'any',
        action: { transforms: [{ mode: 'tunnel', ends: { local: '192.168.0.1', remote: '192.168.1.2' } }] },
      },
    ]);
  });

  test('the ends of an inbound tunnel are the other way round', () => {
    const text = 'spdadd 10.0.1.0/24 10.0.0.0/24 any -P in ipsec esp/tunnel/192.168.1.2-192.168.0.1/unique:7;';
    expect(policies(text)).toMatchObject([
      {
        local: '10.0.0.0/24',
        remote: '10.0.1.0/24',
        action: { transforms: [{ ends: { local: '192.168.0.1', remote: '192.168.1.2' }, requestId: 7 }] },
      },
    ]);
  });

  test('AH over ESP is a bundle, in the order of application', () => {
    const text = 'spdadd ::/0 ::/0 tcp -P out ipsec esp/transport//require ah/transport//use;';
    expect(policies(text)[0]?.action).toMatchObject({
      transforms: [
        { protocol: 'esp', level: 'require' },
        { protocol: 'ah', level: 'use' },
      ],
    });
  });

  test.each([
    ['10.0.0.1 10.0.0.2 tcp -P out none', { protocol: 6, action: { kind: 'bypass' } }],
    ['10.0.0.1 10.0.0.2 17 -P out discard', { protocol: 17, action: { kind: 'discard' } }],
    ['-4 10.0.0.1[any] 10.0.0.2[domain] udp -P out none', { remotePort: 53 }],
    ['::/0 ::/0 icmp6 135,0 -P in none', { protocol: 58, icmp: [[135 * 256, 135 * 256 + 255]] }],
    ['::/0 ::/0 icmp6 1,4 -P in none', { protocol: 58, icmp: [[260, 260]] }],
    ['10.0.0.0/8 0.0.0.0/0 any -P fwd none', { direction: 'inbound', local: '0.0.0.0/0', remote: '10.0.0.0/8' }],
  ])('%s', (words, expected) => {
    expect(policies(`spdadd ${words};`)).toMatchObject([expected]);
  });

  test('the higher priority is tried first, equals in the order of the file', () => {
    const text = [
      spdadd(1, ''),
      spdadd(2, 'prio low'),
      spdadd(3, 'prio high + 5'),
      spdadd(4, 'priority 1'),
      spdadd(5, 'prio def'),
    ];
    expect(policies(text.join('\n')).map(({ remotePort }) => remotePort)).toEqual([3, 4, 1, 5, 2]);
  });

  test('a forward policy beside the same inbound policy is not a second one', () => {
    const text = 'spdadd 10.0.0.0/8 0.0.0.0/0 any -P in discard; spdadd 10.0.0.0/8 0.0.0.0/0 any -P fwd discard;';
    expect(policies(text)).toHaveLength(1);
  });

  test('what is deleted or flushed again is not there', () => {
    const add = 'spdadd 10.0.0.1 10.0.0.2 any -P out none;';
    expect(policies(`${add} spddelete 10.0.0.1 10.0.0.2 any -P out;`)).toEqual([]);
    expect(policies(`${add} spdflush;`)).toEqual([]);
  });

  test('what is updated is there once', () => {
    const text = 'spdupdate 10.0.0.1 10.0.0.2 any -P out none; spdupdate 10.0.0.1 10.0.0.2 any -P out discard;';
    expect(policies(text).map(({ action }) => action)).toEqual([{ kind: 'discard' }]);
  });
});

const KEY16 = '0x000102030405060708090a0b0c0d0e0f';
const KEY32 = `${KEY16}${KEY16.slice(2)}`;
const addKeyed = (protocol: string, spi: number) =>
  `add 10.0.0.1 10.0.0.2 ${protocol} ${spi} ${protocol === 'ah' ? '' : '-E null'} -A hmac-sha2-256 ${KEY32};`;

describe('add', () => {
  test('gives an SA with all that is said of it', () => {
    const text = `add 10.0.0.1 10.0.0.2 esp 0x10001 -m tunnel -u 7 -r 8 -lh 3600 -ls 3000 -bh 1000000 -f seq-pad -f nocyclic-seq
      -E aes-cbc ${KEY16} -A hmac-sha2-256 ${KEY32};`;
    expect(sasOf(text)).toEqual([
      {
        policy: null,
        protocol: 'esp',
        spi: 65_537,
        mode: 'tunnel',
        source: '10.0.0.1',
        destination: '10.0.0.2',
        suite: 'aes128-sha256',
        encryptionKey: KEY16.slice(2),
        integrityKey: KEY32.slice(2),
        requestId: 7,
        esn: false,
        windowPackets: 64,
        lifetime: { soft: { seconds: 3000, octets: null }, hard: { seconds: 3600, octets: 1_000_000 } },
        counterOverflow: 'stop',
      },
    ]);
  });

  test.each([
    [`esp 1000 -E rijndael-cbc ${KEY32} -A hmac-sha1 "12345678901234567890"`, 'aes256-sha1'],
    [`esp 1000 -E aes-gcm-16 ${KEY16}00112233`, 'aes128gcm16'],
    [`esp 1000 -E aes-ctr ${KEY32}00112233 -A hmac-sha2-512 ${KEY32}${KEY32.slice(2)}`, 'aes256ctr-sha512'],
    [`esp 1000 -E null -A hmac-sha2-256 ${KEY32}`, 'null-sha256'],
    [`esp 1000 -E null "" -A aes-xcbc-mac ${KEY16}`, 'null-aesxcbc'],
    [`ah 1000 -A hmac-sha2-256 ${KEY32}`, 'sha256'],
    ['ah 1000 -A hmac-sha1 "AH SA configuration!"', 'sha1'],
  ])('%s is %s', (words, suite) => {
    const [input] = sasOf(`add 10.0.0.1 10.0.0.2 ${words};`);
    expect(input?.suite).toBe(suite);
    if (input === undefined) return;
    if (input.protocol === 'ah') return;
    expect(createOutboundSa(input, 0).spi).toBe(1000);
    expect(createInboundSa(input, 0).spi).toBe(1000);
  });

  test('examples of the manual need legacy: true, and are whole then', () => {
    const text = `add 10.0.11.41 10.0.11.33 esp 0x10001
	-E des-cbc 0x3ffe05014819ffff
	-A hmac-md5 "authentication!!" ;`;
    expect(errors(text)).toEqual([
      expect.stringMatching(/^2:5 "des-cbc" is not used any more: RFC 8221/),
      expect.stringMatching(/^3:5 "hmac-md5" is not used any more: RFC/),
    ]);
  });

  test('-m any is the mode that the policies ask for', () => {
    const add = `add 192.0.2.1 192.0.2.2 esp 1000 -E aes-cbc ${KEY16} -A hmac-sha2-256 ${KEY32};`;
    expect(sasOf(add)[0]?.mode).toBe('transport');
    const policy = 'spdadd 10.0.0.0/24 10.0.1.0/24 any -P out ipsec esp/tunnel/192.0.2.1-192.0.2.2/require;';
    expect(sasOf(`${add} ${policy}`)[0]?.mode).toBe('tunnel');
  });

  test('ESP in UDP, as the node at either end sees it', () => {
    const text = `add 10.0.0.1[4501] 10.0.0.2 esp-udp 1000 -E aes-cbc ${KEY16} -A hmac-sha2-256 ${KEY32};`;
    const [sa] = stated(text).sas;
    if (sa === undefined) throw new Error('no SA');
    expect(saConfigOf(sa, 'outbound').encapsulation).toMatchObject({ localPort: 4501, remotePort: 4500 });
    expect(saConfigOf(sa, 'inbound').encapsulation).toMatchObject({ localPort: 4500, remotePort: 4501 });
  });

  test('deleted ones are gone', () => {
    const both = addKeyed('esp', 1000) + addKeyed('ah', 1001);
    expect(sasOf(`${both} delete 10.0.0.1 10.0.0.2 esp 1000;`).map(({ spi }) => spi)).toEqual([1001]);
    expect(sasOf(`${both} deleteall 10.0.0.1 10.0.0.2 ah;`).map(({ spi }) => spi)).toEqual([1000]);
    expect(sasOf(`${both} flush esp;`).map(({ spi }) => spi)).toEqual([1001]);
    expect(sasOf(`${both} flush;`)).toEqual([]);
  });
});

describe('what a node is given', () => {
  test('is what the engine takes', () => {
    for (const policy of stated(rollOut('use')).policies)
      expect(() => createPolicy(policyConfigOf(policy))).not.toThrow();
  });
});

describe('keys', () => {
  const SECRET = '5ec2e75ec2e75ec2e75ec2e75ec2e75e';

  test.each([
    `add 10.0.0.1 10.0.0.2 esp 1000 -E aes-cbc 0x${SECRET}00 -A hmac-sha2-256 "${SECRET}";`,
    `add 10.0.0.1 10.0.0.2 esp 1000 -E aes-cbc ${SECRET} -A hmac-sha2-256 0x${SECRET};`,
    `add 10.0.0.1 10.0.0.2 esp 1000 -E 0x${SECRET} aes-cbc;`,
    `add 10.0.0.1 10.0.0.2 esp 1000 -E "${SECRET}" aes-cbc;`,
    `add 10.0.0.1 10.0.0.2 esp 1000 -E aes-cbc "${SECRET}`,
    `add 10.0.0.1 10.0.0.2 esp 1000 aes-cbc 0x${SECRET};`,
    `add 10.0.0.1 10.0.0.2 esp 0x${SECRET};`,
    `add 10.0.0.1 10.0.0.2 0x${SECRET};`,
    `add 0x${SECRET};`,
    `"${SECRET}" 0x${SECRET};`,
    `delete 10.0.0.1 10.0.0.2 esp 1000 0x${SECRET};`,
    `flush 0x${SECRET};`,
    `spdadd 10.0.0.1 10.0.0.2 ${SECRET} -P out none;`,
    `spdadd 10.0.0.1 10.0.0.2 any -P out ipsec ${SECRET};`,
  ])('are in no message: %#', text => {
    expect(errors(text)).not.toEqual([]);
    const { diagnostics } = readSetkey(FILE, text, { legacy: false });
    expect(JSON.stringify(diagnostics)).not.toContain(SECRET.slice(0, 8));
  });
});
