import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from './diagnostic.ts';
import { readIpsecinit } from './ipsecinit.ts';
import type { StatedPolicy } from './policy.ts';

const FILE = 'etc/inet/ipsecinit.conf';

/** What the file itself asks for. Throws what is wrong with it. */
function policies(text: string, legacy = false): StatedPolicy[] {
  return allPolicies(text, legacy).filter(policy => !policy.isImplied);
}

function allPolicies(text: string, legacy = false): readonly StatedPolicy[] {
  const { stated, diagnostics } = readIpsecinit(FILE, text, { legacy });
  if (stated === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return stated.policies;
}

function errors(text: string): string[] {
  const { stated, diagnostics } = readIpsecinit(FILE, text, { legacy: false });
  expect(stated).toBeNull();
  return diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function suites(text: string): readonly (readonly string[] | null)[] {
  const [policy] = policies(text);
  return policy?.action.kind === 'protect' ? policy.action.transforms.map(transform => transform.suites) : [];
}

const ALICE = `{tunnel v4_bob0 negotiate tunnel}
    ipsec {encr_algs aes encr_auth_algs sha512 sa shared}
`;

describe('the policy of a tunnel between two zones, from a guide for administrators', () => {
  test('protects everything that passes the tunnel by ESP in tunnel mode', () => {
    expect(allPolicies(ALICE)).toEqual([
      {
        name: 'ipsecinit.conf:1',
        place: { line: 1, column: 1 },
        tunnel: { name: 'v4_bob0', place: { line: 1, column: 9 }, negotiate: 'tunnel' },
        direction: 'both',
        local: 'any',
        remote: 'any',
        protocol: 'any',
        localPort: 'any',
        remotePort: 'any',
        icmp: 'any',
        action: {
          kind: 'protect',
          transforms: [
            {
              protocol: 'esp',
              mode: 'tunnel',
              level: 'require',
              requestId: null,
              ends: null,
              suites: ['aes256-sha512', 'aes192-sha512', 'aes128-sha512'],
            },
          ],
          sharing: 'shared',
        },
        isImplied: false,
      },
    ]);
  });

  test('and so on the other side', () => {
    const [policy] = policies(ALICE.replace('v4_bob0', 'v4_alice0'));
    expect(policy?.tunnel?.name).toBe('v4_alice0');
  });
});

function selectorsOf(pattern: string) {
  const [policy] = policies(`${pattern} bypass {}`);
  if (policy === undefined) throw new Error('no policy');
  const { direction, local, remote, protocol, localPort, remotePort, icmp } = policy;
  return { direction, local, remote, protocol, localPort, remotePort, icmp };
}

describe('patterns', () => {
  const ANY = {
    direction: 'both',
    local: 'any',
    remote: 'any',
    protocol: 'any',
    localPort: 'any',
    remotePort: 'any',
    icmp: 'any',
  };

  test.each([
    ['{}', {}],
    ['{laddr 10.0.0.1}', { local: '10.0.0.1/32' }],
    ['{local 10.0.0.9/24 remote 10.0.1.0/24}', { local: '10.0.0.0/24', remote: '10.0.1.0/24' }],
    ['{raddr 2001:db8::1}', { remote: '2001:db8::1/128' }],
    ['{lport 53}', { localPort: 53 }],
    ['{rport telnet ulp tcp dir out}', { remotePort: 23, protocol: 6, direction: 'outbound' }],
    ['{proto UDP dir in}', { protocol: 17, direction: 'inbound' }],
    ['{ulp 47}', { protocol: 47 }],
    ['{ulp icmp type echo}', { protocol: 1, icmp: [[0x800, 0x8ff]] }],
    ['{ulp icmp type unreach code needfrag}', { protocol: 1, icmp: [[0x304, 0x304]] }],
    ['{ulp ipv6-icmp type 133-137 dir both}', { protocol: 58, icmp: [[133 * 256, 137 * 256 + 255]] }],
    [
      '{ulp icmp type 3-4 code 0-1}',
      {
        protocol: 1,
        icmp: [
          [0x300, 0x301],
          [0x400, 0x401],
        ],
      },
    ],
    [
      '{saddr 10.0.0.0/8 daddr 192.0.2.1 dir out}',
      { local: '10.0.0.0/8', remote: '192.0.2.1/32', direction: 'outbound' },
    ],
    [
      '{src 10.0.0.0/8 dst 192.0.2.1 dport 80 dir in}',
      { local: '192.0.2.1/32', remote: '10.0.0.0/8', localPort: 80, direction: 'inbound' },
    ],
    ['{saddr 10.1.2.3 smask 255.255.0.0 dir out}', { local: '10.1.0.0/16', direction: 'outbound' }],
    ['{srcaddr 10.1.2.3 smask 0xffffff00 dir out}', { local: '10.1.2.0/24', direction: 'outbound' }],
  ])('%s', (pattern, selectors) => {
    expect(selectorsOf(pattern)).toEqual({ ...ANY, ...selectors });
  });

  test('apply is for what leaves, permit for what arrives', () => {
    const [out, back] = policies(`
      {saddr 10.0.0.1 daddr 10.0.0.2} apply {encr_algs aes encr_auth_algs sha256 sa shared}
      {saddr 10.0.0.2 daddr 10.0.0.1} permit {encr_algs aes encr_auth_algs sha256}`);
    expect([out?.direction, out?.local, out?.remote]).toEqual(['outbound', '10.0.0.1/32', '10.0.0.2/32']);
    expect([back?.direction, back?.local, back?.remote]).toEqual(['inbound', '10.0.0.1/32', '10.0.0.2/32']);
  });

  test('the older form says the direction among the properties', () => {
    expect(policies('{sport 53} bypass {dir out}')[0]).toMatchObject({ direction: 'outbound', localPort: 53 });
  });
});

describe('algorithms', () => {
  test.each([
    ['encr_algs aes encr_auth_algs sha256', [['aes256-sha256', 'aes192-sha256', 'aes128-sha256']]],
    ['encr_algs aes(192) encr_auth_algs hmac-sha384', [['aes192-sha384']]],
    ['encr_algs aes(192..) encr_auth_algs sha512', [['aes256-sha512', 'aes192-sha512']]],
    ['encr_algs aes (..192) encr_auth_algs sha512', [['aes192-sha512', 'aes128-sha512']]],
    ['encr_algs AES-CBC(128..192) encr_auth_algs SHA512', [['aes192-sha512', 'aes128-sha512']]],
    ['encr_algs 12 encr_auth_algs 5', [['aes256-sha256', 'aes192-sha256', 'aes128-sha256']]],
    ['encr_algs null encr_auth_algs sha256', [['null-sha256']]],
    ['encr_auth_algs sha256', [['null-sha256']]],
    ['encr_algs aes-gcm', [['aes256gcm16', 'aes192gcm16', 'aes128gcm16']]],
    ['auth_algs sha512', [['sha512']]],
    ['encr_algs aes(256) encr_auth_algs sha256 auth_algs sha512', [['aes256-sha256'], ['sha512']]],
  ])('%s', (properties, expected) => {
    expect(suites(`{raddr 10.0.0.2} ipsec {${properties}}`)).toEqual(expected);
  });

  test('any is what is strong and usable, never the legacy ones', () => {
    const [esp] = suites('{} ipsec {encr_algs any encr_auth_algs any}');
    expect(esp).toContain('aes256-sha256');
    expect(esp?.filter(name => /des|md5|null|blowfish/.test(name))).toEqual([]);
    expect(suites('{} ipsec {encr_algs any}')[0]).toContain('aes256gcm16');
    expect(suites('{} ipsec {auth_algs any}')[0]).toContain('sha256');
  });

  test('legacy algorithms are for those who ask for them twice', () => {
    const text = '{} ipsec {encr_algs 3des encr_auth_algs sha1}';
    expect(errors(text)).toEqual([expect.stringContaining('RFC 8221 §5')]);
    expect(policies(text, true)[0]?.action).toMatchObject({ transforms: [{ suites: ['3des-sha1'] }] });
  });

  test('nobody gets encryption alone', () => {
    expect(errors('{} ipsec {encr_algs aes}')).toEqual([expect.stringContaining('RFC 8221 §4')]);
  });
});

describe('actions', () => {
  test('AH goes around ESP, in transport mode between hosts', () => {
    const [policy] = policies('{} ipsec {auth_algs sha256 encr_algs aes encr_auth_algs sha256 sa unique}');
    expect(policy?.action).toMatchObject({
      transforms: [
        { protocol: 'esp', mode: 'transport' },
        { protocol: 'ah', mode: 'transport' },
      ],
      sharing: 'unique',
    });
  });

  test('transport mode over IP in IP is tunnel mode to look at, but not to negotiate', () => {
    const [policy] = policies(
      '{tunnel ip.tun0 negotiate transport} ipsec {encr_algs aes encr_auth_algs sha256 sa unique}',
    );
    expect(policy).toMatchObject({
      tunnel: { name: 'ip.tun0', negotiate: 'transport' },
      action: { transforms: [{ mode: 'tunnel' }], sharing: 'shared' },
    });
  });

  test('alternatives are suites in the order of preference', () => {
    const text = `{raddr 10.0.0.2 rport telnet} ipsec
      {encr_algs aes(256) encr_auth_algs sha512} or ipsec
      {encr_algs aes(128) encr_auth_algs sha256}`;
    expect(suites(text)).toEqual([['aes256-sha512', 'aes128-sha256']]);
  });

  test('"or pass" makes protection a wish', () => {
    const [policy] = policies('{lport 80} ipsec {encr_algs aes encr_auth_algs sha256} or pass {}');
    expect(policy?.action).toMatchObject({ transforms: [{ level: 'use' }] });
  });

  test('what bypasses comes first, then AH with ESP, ESP, AH, and the rest; else the order of the file', () => {
    const text = `{rport 1} drop {}
{rport 2} ipsec {auth_algs sha256}
{rport 3} ipsec {encr_algs aes encr_auth_algs sha256}
{rport 4} ipsec {encr_algs aes encr_auth_algs sha256 auth_algs sha256}
{rport 5} ipsec {encr_algs aes encr_auth_algs sha256}
{rport 6} bypass {}`;
    expect(policies(text).map(({ remotePort }) => remotePort)).toEqual([6, 4, 3, 5, 2, 1]);
  });

  test('what no entry for hosts is about passes, and IKE always does', () => {
    const all = allPolicies('{raddr 10.0.0.2} drop {}');
    expect(all.map(({ name }) => name)).toEqual(['ipsecinit.conf:ike', 'ipsecinit.conf:1', 'ipsecinit.conf:otherwise']);
    expect(all.map(({ action }) => action.kind)).toEqual(['bypass', 'discard', 'bypass']);
  });

  test('comments, line ends of any kind, and entries over many lines', () => {
    const text =
      '# all of it\r\n{\r\n\tladdr 10.0.0.1 # me\r\n}\r\nipsec\r\n{ encr_algs aes\r\nencr_auth_algs sha256 }#end';
    expect(policies(text)[0]?.place).toEqual({ line: 2, column: 1 });
  });
});
