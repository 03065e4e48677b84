import { describe, expect, test } from 'vitest';
import { encryptionAlgorithm } from '../crypto/encryption.ts';
import { integrityAlgorithm } from '../crypto/integrity.ts';
import { parseIdentity } from '../ike/identity.ts';
import { createInboundSa, createOutboundSa } from '../ipsec/sa-input.ts';
import { ANYTHING } from '../ipsec/selector.ts';
import { createPolicy } from '../ipsec/spd.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readIkePreshared } from './ike-preshared.ts';
import { childProblems, OAKLEY_GROUPS } from './ike-v1-proposal.ts';
import { readIpsecinit } from './ipsecinit.ts';
import { connectionsFor } from './key-connections.ts';
import type { KeyRules, KeyRulesReading, SecretsReading } from './key-rules.ts';
import { readPskFile } from './psk-file.ts';
import { readRacoon } from './racoon.ts';
import { readSolarisIke } from './solaris-ike.ts';
import { GUIDE_PRESHARED, GUIDE_PSK_CONFIG, GUIDE_RSA_CONFIG } from './testing/seed-smartos.ts';
import { type PolicyReading, policyConfigOf, saConfigOf } from './policy.ts';
import { readSetkey } from './setkey.ts';
import { readSwanctl } from './swanctl.ts';
import { mutate, seededUniform } from './testing/mutate.ts';

/** `CONFIG_MUTATIONS=100000 npx vitest run engine/config/mutation.test.ts` for a long run; `CONFIG_SEED` for another. */
const COUNT = Number(process.env['CONFIG_MUTATIONS'] ?? 3000);
const SEED = Number(process.env['CONFIG_SEED'] ?? 1);

const IPSECINIT = [
  '{tunnel v4_bob0 negotiate tunnel}\n    ipsec {encr_algs aes encr_auth_algs sha512 sa shared}\n',
  `# Mail and names in the clear, the rest protected.
{lport 53} bypass {}
{ulp icmp type echo-3 code 0-1 dir both} pass { }
{saddr 10.0.0.1 smask 255.255.0.0 dport smtp dir in} bypass {}
{raddr fec0:abcd::0/32 ulp ipv6-icmp type 133-137 dir both} pass { }
{laddr 10.0.0.0/24 raddr 10.0.1.0/24 ulp tcp rport telnet} ipsec
    {encr_algs aes(128..256) encr_auth_algs sha256 auth_algs any sa unique} or pass {}
{raddr 192.0.2.0/24 dir out} ipsec {encr_algs aes-gcm(256)}
{saddr 10.0.0.1} apply {encr_auth_algs sha384}
{raddr 203.0.113.9} drop {}
`.replace('echo-3', '3-4'),
];

const SETKEY = [
  `flush; spdflush;
spdadd 192.168.33.12 192.168.33.11 any -P out ipsec esp/transport//use;
spdadd 192.168.33.11 192.168.33.12 any -P in ipsec esp/transport//use;
`,
  `add 10.0.0.1 10.0.0.2 esp 0x10001 -m tunnel -u 7 -r 8 -lh 3600 -ls 3000 -bh 1000000 -f seq-pad
  -E aes-cbc 0x000102030405060708090a0b0c0d0e0f -A hmac-sha1 "twenty octets of key"; # one of them
add 10.0.0.2[4500] 10.0.0.1 esp-udp 4097 -esn -E aes-gcm-16 0x000102030405060708090a0b0c0d0e0f00112233;
add 2001:db8::1 2001:db8::2 ah 4098 -A hmac-sha2-256 "thirty-two octets are in this key";
spdadd 10.0.0.0/24[80] 10.0.1.0/24[any] tcp -P out prio high + 5 ipsec
  esp/tunnel/192.0.2.1-192.0.2.2/unique:7 ah/transport//require;
spdadd ::/0 ::/0 icmp6 135,0 -P in none; spdadd 10.0.0.1 10.0.0.2 17 -P fwd discard;
spddelete 10.0.0.1 10.0.0.2 17 -P fwd; deleteall 10.0.0.1 10.0.0.2 ah; dump; spddump;
`.replace('"thirty-two octets are in this key"', '"thirty-two octets are in this ke"'),
];

const SWANCTL = [
  `connections {
  bob { # one line each
    version = 2
    local_addrs = 192.0.2.1
    remote_addrs = 192.0.2.2, 198.51.100.0/24
    proposals = aes256gcm16-prfsha384-x25519-ke1_mlkem768, default
    rekey_time = 4h
    local { auth = psk
      id = "C=DE, O=Lab, CN=alice" }
    remote {
      auth = ike:rsa/pss-sha256-ecdsa-sha384
      cacerts = lab.pem
      id = *.lab
    }
    children {
      net {
        local_ts = 10.0.0.0/24[tcp/80], 2001:db8::/64[tcp/80]
        remote_ts = dynamic[tcp], 2001:db8:1::/64[6]
        esp_proposals = aes256gcm16-x25519-esn, aes128-sha256
        start_action = trap
        rekey_bytes = 1000000
      }
      clear { mode = pass
        remote_ts = 10.9.0.0-10.9.0.9 }
    }
  }
}
secrets { ike-bob { secret = 0x6162
    id-1 = @bob.lab
    id-2 = keyid:#0a0b } ppk { secret = 0sYWI=
    id = p } }
pools { staff { addrs = 10.9.0.0/24
    dns = 10.0.0.53 } }
authorities { lab { cacert = lab.pem
  } }
`,
];

const IKE_CONFIG = [
  GUIDE_PSK_CONFIG.replace(/oakley_group 5|p2_pfs [25]/g, text => `${text.split(' ')[0]} 14`),
  GUIDE_RSA_CONFIG.replace(/oakley_group 5|p2_pfs [25]/g, text => `${text.split(' ')[0]} 14`),
  `retry_limit 3 retry_timer_init .5 ldap_server "ldap1:389" // twice
p1_xform { auth_method preshared oakley_group 0x0e auth_alg sha256 encr_alg aes(128..256) p1_lifetime_secs 600 }
p2_lifetime_secs 1000 p2_softlife_secs 800 p2_lifetime_kb 2048 p2_pfs 0
{ label "networks" local_addr 10.1.2.0/255.255.255.0 local_addr 10.2.0.0 / 16 remote_addr 10.3.0.1 - 10.3.0.9 }
{ label "all" local_id_type ip local_addr 0.0.0.0/0 remote_addr ::/0 p1_xform
  { auth_method preshared oakley_group 19 auth_alg sha512 encr_alg \\
    aes } p2_idletime_secs 9 }
`.replace('\\\\', '\\'),
];

const PRESHARED = [
  GUIDE_PRESHARED,
  '# one of text\n{ localidtype IP localid 10.0.0.1 remoteidtype IP remoteid 2001:db8::1 key "a \\" quote" }\n',
];

const RACOON = [
  `path pre_shared_key "/etc/racoon/psk.txt"; log info;
listen { isakmp 10.0.0.1 [500]; isakmp_natt 10.0.0.1 [4500]; strict_address; }
timer { counter 3; interval 2 sec; persend 1; phase1 30 sec; phase2 15 sec; }
remote anonymous {
  exchange_mode main, aggressive; my_identifier asn1dn; peers_identifier asn1dn "C=DE, O=*, CN=b"; verify_identifier on;
  certificate_type x509 "alice.pem" "alice.key"; ca_type x509 "ca.crt"; verify_cert on; dpd_delay 10;
  lifetime time 24 hour; nat_traversal force; ike_frag on; proposal_check claim; nonce_size 16;
  proposal { encryption_algorithm aes 256; hash_algorithm sha256; authentication_method rsasig; dh_group modp2048; }
}
remote 0.0.0.0 { passive on;
  proposal { encryption_algorithm aes; hash_algorithm sha256; authentication_method pre_shared_key; dh_group 14; } }
remote 10.0.0.2 [500] inherit 0.0.0.0 { dpd_delay 5; }
sainfo address 10.0.0.1/32 [any] any address 10.0.0.2/32 [80] tcp { pfs_group 14;
  encryption_algorithm aes 256, aes; authentication_algorithm hmac_sha256, hmac_sha512; compression_algorithm deflate; }
sainfo anonymous { lifetime time 1 hour; lifetime byte 10 MB; encryption_algorithm aes 256, twofish;
  authentication_algorithm hmac_sha256; }
mode_cfg { network4 10.9.0.1; pool_size 20; netmask4 255.255.255.0; dns4 10.0.0.53; split_network include 10.0.0.0/24; }
`.replace('C=DE, O=*, CN=b', 'C=DE, O=Lab, CN=b'),
];

const PSK = [
  '10.0.0.1  a key with blanks\n# nobody\n2001:db8::1\t0x0a0b\nbob@lab.example mekmitasdigoat\n*  everybody\n',
];

const ALL = [...IPSECINIT, ...SETKEY, ...SWANCTL, ...IKE_CONFIG, ...PRESHARED, ...RACOON, ...PSK];

interface Mutated {
  readonly stated: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** What the engine does not take of it; null: nothing. */
  readonly refused: string | null;
}

const policies = (reading: PolicyReading): Mutated => ({ ...reading, refused: refusedPolicies(reading) });
const rulesOf = ({ stated, diagnostics }: KeyRulesReading): Mutated => ({
  stated,
  diagnostics,
  refused: stated === null ? null : refusedRules(stated),
});
const secretsOf = ({ secrets, diagnostics }: SecretsReading): Mutated => ({
  stated: secrets,
  diagnostics,
  refused:
    secrets?.every(({ secret }) => /^([0-9a-f]{2})+$/.test(secret)) === false ? 'a secret that is no octets' : null,
});

const LANGUAGES: readonly {
  readonly name: string;
  readonly texts: readonly string[];
  readonly read: (name: string, text: string, rules: { readonly legacy: boolean }) => Mutated;
}[] = [
  { name: 'ipsecinit.conf', texts: IPSECINIT, read: (...given) => policies(readIpsecinit(...given)) },
  { name: 'setkey.conf', texts: SETKEY, read: (...given) => policies(readSetkey(...given)) },
  { name: 'swanctl.conf', texts: SWANCTL, read: (...given) => policies(readSwanctl(...given)) },
  { name: 'ike/config', texts: IKE_CONFIG, read: (...given) => rulesOf(readSolarisIke(...given)) },
  { name: 'ike.preshared', texts: PRESHARED, read: (name, text) => secretsOf(readIkePreshared(name, text)) },
  {
    name: 'racoon.conf',
    texts: RACOON,
    read: (name, text, rules) => rulesOf(readRacoon(name, text, { ...rules, secrets: [] })),
  },
  { name: 'psk.txt', texts: PSK, read: (name, text) => secretsOf(readPskFile(name, text)) },
];

describe.each(LANGUAGES)('mutated files of $name', ({ name, texts, read }) => {
  test('start from good ones', () => {
    for (const text of texts) expect(read(name, text, { legacy: false }).diagnostics).toEqual([]);
  });

  test(`${COUNT} of them are accepted or diagnosed, and nothing throws`, { timeout: 10_000 + COUNT * 10 }, () => {
    let accepted = 0;
    for (let i = 0; i < COUNT; i += 1) {
      const seed = SEED * 1_000_003 + i;
      const text = mutate(texts[i % texts.length] ?? '', ALL, seededUniform(seed));
      const problem = problemWith(read(name, text, { legacy: i % 2 === 0 }), text);
      if (problem !== null) throw new Error(`mutation ${seed}: ${problem}\n${text}`);
      if (read(name, text, { legacy: true }).stated !== null) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(COUNT / 100); // else the mutations are too wild to say anything about what is accepted
  });

  test.each([
    ['one word of a million letters', 'x'.repeat(1_000_000)],
    ['a hundred thousand words', 'a '.repeat(100_000)],
    ['a hundred thousand braces', '{'.repeat(100_000)],
    ['a hundred thousand entries', '{} '.repeat(100_000)],
    ['a hundred thousand statements', 'flush x;'.repeat(100_000)],
    ['keys that never end', 'add 10.0.0.1 10.0.0.2 esp 1 -E aes-cbc 0x'.repeat(10_000)],
    ['brackets that never close', '{raddr 10.0.0.1} ipsec {encr_algs aes ( ( ('.repeat(10_000)],
  ])('%s: read to the end', (_, text) => {
    const { stated, diagnostics } = read(name, text, { legacy: false });
    expect(stated).toBeNull();
    expect(diagnostics.length).toBeLessThanOrEqual(101);
  });
});

test('ten thousand policies are read in no time to speak of', () => {
  const numbers = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 0xff}.1`);
  const spd = numbers.map(address => `spdadd 192.0.2.1 ${address} any -P out none;`).join('\n');
  expect(readSetkey('setkey.conf', spd, { legacy: false }).stated?.policies).toHaveLength(10_002);
  const entries = numbers.map(address => `{raddr ${address}} drop {}`).join('\n');
  expect(readIpsecinit('ipsecinit.conf', entries, { legacy: false }).stated?.policies).toHaveLength(10_002);
});

/** What the reader must not do; null: nothing. What it accepts the engine must take. */
function problemWith({ stated, diagnostics, refused }: Mutated, text: string): string | null {
  const lines = text.split(/\r\n|\r|\n/);
  for (const { line, column, message } of diagnostics) {
    if (line > lines.length) return `"${message}" is in line ${line} of ${lines.length}`;
    if (column > (lines[line - 1] ?? '').length + 1) return `"${message}" is in column ${column}`;
  }
  if (stated === null) return diagnostics.length === 0 ? 'neither a result nor a diagnostic' : null;
  return diagnostics.length > 0 ? 'a result and diagnostics' : refused;
}

function refusedPolicies({ stated }: PolicyReading): string | null {
  if (stated === null) return null;
  try {
    for (const policy of stated.policies) createPolicy(policyConfigOf(policy));
    for (const sa of stated.sas) {
      createOutboundSa(saConfigOf(sa, 'outbound'), 0);
      createInboundSa(saConfigOf(sa, 'inbound'), 0);
    }
  } catch (error) {
    return `the engine does not take it: ${String(error)}`;
  }
  return new Set(stated.policies.map(({ name }) => name)).size === stated.policies.length ? null : 'two of one name';
}

/** Rules that somebody has policies for become connections with algorithms, and identities, that the engine knows. */
function refusedRules(rules: KeyRules): string | null {
  const ends = [
    { local: '1.2.3.4', remote: '5.6.7.8' },
    { local: '10.0.0.1', remote: '10.0.0.2' },
  ];
  const transforms = [{ protocol: 'esp', mode: 'tunnel', requestId: null, suites: [], ends }] as const;
  const policy = { name: 'p', ...ANYTHING, sharing: 'shared', transforms } as const;
  const known = { name: 'a', subject: 'CN=a', issuer: 'CN=a', names: [], slot: 0 };
  const { connections } = connectionsFor(rules, [policy], { own: [known], peers: [known], authorities: [known] });
  for (const { proposals, children, authentication } of connections) {
    for (const { encryption, integrity, keyExchange, prf } of proposals) {
      if ([...encryption, ...prf].some(token => encryptionAlgorithm(token) === null)) return 'an unknown cipher';
      if (integrity.some(token => integrityAlgorithm(token) === null)) return 'an unknown hash';
      if (keyExchange.some(token => ![...OAKLEY_GROUPS.values()].includes(token))) return 'an unknown group';
    }
    for (const { proposals: all } of children)
      if (all.some(proposal => childProblems(proposal).length > 0)) return 'a child that IKEv1 has no numbers for';
    const identities = [authentication.local.identity, authentication.remote.identity];
    if (identities.some(text => text !== null && parseIdentity(text) === null))
      return `no identities: ${identities.join()}`;
  }
  return new Set(connections.map(({ name }) => name)).size === connections.length ? null : 'two of one name';
}
