import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../config/diagnostic.ts';
import { type FilterFileOptions, parseFilter } from './parse.ts';
import type { FilterRule } from './rule.ts';

function rulesOf(text: string, options: FilterFileOptions = {}): readonly FilterRule[] {
  const { config, diagnostics } = parseFilter('ipf.conf', text, options);
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  return config.rules;
}

function ruleOf(text: string): FilterRule {
  const [rule] = rulesOf(text);
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

function familyOf(text: string): 4 | 6 | null {
  return ruleOf(text).family;
}

function conditionsOf(text: string): FilterRule['conditions'] {
  return ruleOf(`block in all ${text}`).conditions;
}

function complaints(text: string, options: FilterFileOptions = {}): string[] {
  return parseFilter('ipf.conf', text, options).diagnostics.map(formatDiagnostic);
}

const ANYWHERE = { negated: false, addresses: null, ports: null };

describe('the language', () => {
  test('the shortest rule', () => {
    expect(rulesOf('block in all\n')).toEqual([
      {
        text: 'block in all',
        file: 'ipf.conf',
        line: 1,
        direction: 'in',
        action: { kind: 'block', answer: null },
        log: null,
        quick: false,
        interface: null,
        family: null,
        tos: null,
        ttl: null,
        protocols: null,
        source: ANYWHERE,
        destination: ANYWHERE,
        flags: null,
        icmp: null,
        conditions: [],
        keepState: null,
        keepFragments: null,
        head: null,
        group: null,
      },
    ]);
  });

  test('everything in one rule', () => {
    const rule = ruleOf(
      'pass in log body first level local0.info quick on net0 family inet tos 0x10 ttl 64 proto tcp ' +
        'from ! 10.0.0.0/8 port >= 1024 to 192.0.2.1 port = ssh flags S/SA with not ipopts and frag ' +
        'keep state (limit 100, strict, age 30/5) keep frags head 10 group web\nblock in all head web',
    );
    expect(rule).toMatchObject({
      action: { kind: 'pass' },
      log: { body: true, first: true, orBlock: false, level: 'local0.info', tag: null },
      quick: true,
      interface: 'net0',
      family: 4,
      tos: 16,
      ttl: 64,
      protocols: [6],
      source: { negated: true, addresses: ['10.0.0.0/8'], ports: { kind: 'compare', operator: '>=', port: 1024 } },
      destination: { negated: false, addresses: ['192.0.2.1'], ports: { kind: 'compare', operator: '=', port: 22 } },
      flags: { set: 2, mask: 0x12 },
      conditions: [
        { negated: true, kind: 'ipopts', numbers: [] },
        { negated: false, kind: 'frag', numbers: [] },
      ],
      keepState: { limit: 100, strict: true, age: { forwardSeconds: 30, replySeconds: 5 }, icmpErrors: true },
      keepFragments: { strict: false },
      head: '10',
      group: 'web',
    });
  });

  test.each([
    ['block in all', { kind: 'block', answer: null }],
    ['block return-rst in proto tcp all', { kind: 'block', answer: { kind: 'reset' } }],
    ['block return-icmp in all', { kind: 'block', answer: { kind: 'icmp', code: 0, asDestination: false } }],
    ['block return-icmp(port-unr) in all', { kind: 'block', answer: { kind: 'icmp', code: 3, asDestination: false } }],
    [
      'block return-icmp-as-dest (13) in all',
      { kind: 'block', answer: { kind: 'icmp', code: 13, asDestination: true } },
    ],
    ['count out all', { kind: 'count' }],
    ['log in all', { kind: 'log' }],
    ['skip 3 in all', { kind: 'skip', rules: 0 }],
  ])('%s', (text, action) => {
    expect(ruleOf(text).action).toEqual(action);
  });

  test.each([
    ['= 80', { kind: 'compare', operator: '=', port: 80 }],
    ['=80', { kind: 'compare', operator: '=', port: 80 }],
    ['!= 80', { kind: 'compare', operator: '!=', port: 80 }],
    ['ne http', { kind: 'compare', operator: '!=', port: 80 }],
    ['< 1024', { kind: 'compare', operator: '<', port: 1024 }],
    ['lt 1024', { kind: 'compare', operator: '<', port: 1024 }],
    ['le 1024', { kind: 'compare', operator: '<=', port: 1024 }],
    ['gt 1023', { kind: 'compare', operator: '>', port: 1023 }],
    ['ge 1023', { kind: 'compare', operator: '>=', port: 1023 }],
    ['eq domain', { kind: 'compare', operator: '=', port: 53 }],
    ['6000 >< 6010', { kind: 'range', operator: '><', low: 6000, high: 6010 }],
    ['1024 <> 5000', { kind: 'range', operator: '<>', low: 1024, high: 5000 }],
    ['6000:6009', { kind: 'range', operator: ':', low: 6000, high: 6009 }],
    [
      '= (ssh, 80, 6000:6009)',
      {
        kind: 'list',
        ranges: [
          { low: 22, high: 22 },
          { low: 80, high: 80 },
          { low: 6000, high: 6009 },
        ],
      },
    ],
  ])('port %s', (text, ports) => {
    expect(ruleOf(`pass in proto udp from any to any port ${text}`).destination.ports).toEqual(ports);
  });

  test.each([
    ['any', null],
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.1.0/22', ['10.0.1.0/22']],
    ['10/8', ['10.0.0.0/8']],
    ['172.16/12', ['172.16.0.0/12']],
    ['0/0', ['0.0.0.0/0']],
    ['10.0.0.0 mask 255.255.0.0', ['10.0.0.0/16']],
    ['10.0.0.0 mask 0xffffff00', ['10.0.0.0/24']],
    ['10.0.0.0/255.0.0.0', ['10.0.0.0/8']],
    ['10.0.0.5-10.0.0.9', ['10.0.0.5-10.0.0.9']],
    ['2001:db8::/32', ['2001:db8::/32']],
    ['2001:db8::1', ['2001:db8::1']],
    ['(10.0.0.0/8, 192.0.2.1 fe80::/10)', ['10.0.0.0/8', '192.0.2.1', 'fe80::/10']],
  ])('from %s', (text, addresses) => {
    expect(ruleOf(`pass in from ${text} to any`).source.addresses).toEqual(addresses);
  });

  test.each([
    ['proto tcp', [6]],
    ['proto tcp/udp', [6, 17]],
    ['proto esp', [50]],
    ['proto 89', [89]],
    ['proto (tcp, ipv6-icmp)', [6, 58]],
    ['', null],
  ])('%s', (text, protocols) => {
    expect(ruleOf(`pass in ${text} from any to any`).protocols).toEqual(protocols);
  });

  test('ports without a protocol are those of TCP and UDP', () => {
    expect(ruleOf('block in from any port < 1024 to any').protocols).toEqual([6, 17]);
  });

  test('a rule is of the family that its addresses have, or that it says, or of both', () => {
    expect(familyOf('pass in all')).toBeNull();
    expect(familyOf('pass in from any to 10.0.0.0/8')).toBe(4);
    expect(familyOf('pass in from fe80::/10 to any')).toBe(6);
    expect(familyOf('pass in inet6 all')).toBe(6);
    expect(familyOf('pass in family inet proto udp from any to any')).toBe(4);
    expect(familyOf('pass in from (10.0.0.1, ::1) to any')).toBeNull();
    expect(rulesOf('block in all', { family: 6 })[0]?.family).toBe(6);
  });

  test('ICMP types and codes by the names of their protocol', () => {
    expect(ruleOf('pass in proto icmp all icmp-type echo').icmp).toEqual({ types: [8], codes: null });
    expect(ruleOf('pass in proto icmp all icmp-type unreach code port-unr').icmp).toEqual({ types: [3], codes: [3] });
    expect(ruleOf('pass in proto ipv6-icmp all icmp-type echo').icmp).toEqual({ types: [128], codes: null });
    expect(ruleOf('pass in proto 58 all icmp-type (neighborsol, neighadvert, 133)').icmp?.types).toEqual([
      135, 136, 133,
    ]);
  });

  test.each([
    ['S', 2, 0x3f],
    ['SA', 0x12, 0x3f],
    ['S/SA', 2, 0x12],
    ['/SA', 0, 0x12],
    ['S/FSRPAU', 2, 0x3f],
    ['2/18', 2, 18],
    ['SE', 0x42, 0x7f],
  ])('flags %s', (text, set, mask) => {
    expect(ruleOf(`pass in proto tcp from any to any flags ${text}`).flags).toEqual({ set, mask });
  });

  test('conditions', () => {
    expect(conditionsOf('with opt lsrr,ssrr')).toEqual([{ negated: false, kind: 'ipopts', numbers: [131, 137] }]);
    expect(conditionsOf('with no opt rr with short')).toEqual([
      { negated: true, kind: 'ipopts', numbers: [7] },
      { negated: false, kind: 'short', numbers: [] },
    ]);
    expect(conditionsOf('with ipopts, not frags').map(each => each.kind)).toEqual(['ipopts', 'frag']);
    expect(conditionsOf('with v6hdrs routing,hopopts')).toEqual([{ negated: false, kind: 'v6hdrs', numbers: [43, 0] }]);
    expect(conditionsOf('with v6hdrs')).toEqual([{ negated: false, kind: 'v6hdrs', numbers: [] }]);
    expect(conditionsOf('with bad and bad-src and lowttl and mcast and bcast and oow and nat')).toHaveLength(7);
  });

  test('lists of interfaces make a rule for each, and count as one for skip', () => {
    const rules = rulesOf('skip 1 in proto udp all\nblock in on (net0, net1) all\npass in all\n');
    expect(rules.map(rule => rule.interface)).toEqual([null, 'net0', 'net1', null]);
    expect(rules[0]?.action).toEqual({ kind: 'skip', rules: 2 });
  });

  test('comments, long lines, a backslash, and Windows ends of line', () => {
    const rules = rulesOf(
      [
        '# a comment',
        'pass in on bge0 proto tcp from 1.1.1.1 port > 1000 # its end',
        '    to 2.2.2.2 port < 5000 flags S keep state',
        'block in \\',
        'all',
        '  pass out all',
        '',
      ].join('\r\n'),
    );
    expect(rules.map(({ line, text }) => `${line} ${text}`)).toEqual([
      '2 pass in on bge0 proto tcp from 1.1.1.1 port > 1000 to 2.2.2.2 port < 5000 flags S keep state',
      '4 block in all',
      '6 pass out all',
    ]);
  });

  test('@n goes in front of rule n of its direction', () => {
    const rules = rulesOf(
      'block in all\npass in from 10.0.0.1 to any\nblock out all\n@1 pass in proto esp all\n@9 log in all\n',
    );
    expect(rules.filter(rule => rule.direction === 'in').map(rule => rule.text)).toEqual([
      'pass in proto esp all',
      'block in all',
      'pass in from 10.0.0.1 to any',
      'log in all',
    ]);
  });

  test('variables', () => {
    const rules = rulesOf('wan = "net0";\nlans = "(10.0.0.0/24, 10.0.1.0/24)";\nblock in on $wan from $lans to any\n');
    expect(rules).toHaveLength(1);
    expect(rules[0]).toMatchObject({ interface: 'net0', source: { addresses: ['10.0.0.0/24', '10.0.1.0/24'] } });
  });

  test('set intercept_loopback is taken, and changes nothing', () => {
    expect(rulesOf('set intercept_loopback true;\npass in all\n')).toHaveLength(1);
  });

  test('part of a larger document', () => {
    const found = complaints('block in all\n  pess in all\n', { line: 20, columns: 6 });
    expect(found).toEqual(['ipf.conf:21:9: "pess" is not an action\n  fix: did you mean "pass"?']);
  });
});

describe('what is wrong', () => {
  test.each([
    ['pess in all', '1:1: "pess" is not an action\n  fix: did you mean "pass"?'],
    ['pass inn all', '1:6: "inn" where in or out belongs\n  fix: write in or out'],
    ['pass in', '1:8: the rule does not say from where and to where\n  fix: add all, or from … to …'],
    ['pass in quik all', '1:9: "quik" means nothing here\n  fix: did you mean "quick"?'],
    [
      'pass in from 10.0.0 to any',
      '1:14: "10.0.0" is no address\n  fix: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/64',
    ],
    [
      'pass in from 10.0.0.0/33 to any',
      '1:14: "33" is no mask of an IPv4 address\n  fix: 0 to 32, or a mask without gaps such as 255.255.255.0',
    ],
    [
      'pass in from 10.0.0.0 mask 255.0.255.0 to any',
      '1:28: "255.0.255.0" is no mask of an IPv4 address\n  fix: 0 to 32, or a mask without gaps such as 255.255.255.0',
    ],
    [
      'pass in from www.example.org to any',
      '1:14: "www.example.org" is no address, and names are not looked up\n  fix: write the address itself, or any',
    ],
    [
      'pass in from pool/trusted to any',
      '1:14: "pool/trusted": there are no address pools\n  fix: write the addresses as a list: (10.0.0.1, 10.0.1.0/24)',
    ],
    ['pass in from <thishost> to any', '1:14: the addresses of this host are not known here\n  fix: write them out'],
    [
      'pass in from !any to any',
      '1:14: not any address: the rule would match nothing\n  fix: remove the "!", or name addresses',
    ],
    ['pass in proto tpc all', '1:15: "tpc" is not a protocol\n  fix: did you mean "tcp"?'],
    ['pass in proto udp from any to any port = 70000', '1:42: "70000" is not a port\n  fix: 0 to 65535'],
    ['pass in proto udp from any to any port = domian', '1:42: "domian" is not a port\n  fix: did you mean "domain"?'],
    ['pass in proto udp from any to any port 53', '1:40: port "53" without an operator\n  fix: write port = 53'],
    [
      'pass in proto icmp from any to any port = 1',
      '1:36: ports of a protocol that has none\n  fix: write proto tcp, proto udp or proto tcp/udp',
    ],
    ['pass in proto udp all flags S', '1:23: flags are those of TCP alone\n  fix: write proto tcp'],
    ['pass in proto tcp all flags X', '1:29: "X" are no TCP flags\n  fix: letters of FSRPAUEC, such as S/SA'],
    [
      'pass in proto tcp all flags S/A',
      '1:29: flags "S/A" can match nothing\n  fix: every flag in front of the "/" must be behind it too',
    ],
    ['block return-rst in all', '1:7: return-rst answers TCP alone\n  fix: write proto tcp, or return-icmp'],
    ['block return-icpm in all', '1:7: "return-icpm" is not an answer\n  fix: did you mean "return-icmp"?'],
    [
      'pass in all icmp-type echo',
      '1:13: icmp-type of a protocol that is not ICMP\n  fix: write proto icmp or proto ipv6-icmp',
    ],
    [
      'pass in proto icmp all icmp-type neighborsol',
      '1:34: "neighborsol" is no type of ICMP\n  fix: use one of echorep, unreach, squench, squence, redir, echo, routerad, routersol, timex, paramprob, timest, timestrep, …',
    ],
    [
      'pass in proto icmp from fe80::/10 to any',
      '1:9: proto icmp is that of IPv4, and the rule is for IPv6\n  fix: write proto ipv6-icmp',
    ],
    [
      'pass in from 10.0.0.1 to ::1',
      '1:1: the rule names both IPv4 and IPv6, and so matches nothing\n  fix: write one rule for IPv4 and another one for IPv6',
    ],
    ['block in all keep state', '1:14: only a rule that passes can keep state\n  fix: remove it, or write pass'],
    ['pass in all keep sate', '1:18: keep "sate"\n  fix: did you mean "state"?'],
    ['pass in all keep state (newisn)', '1:25: "newisn" is not possible: sequence numbers are not rewritten'],
    ['pass in all with fragg', '1:18: "fragg" is not a condition\n  fix: did you mean "frag"?'],
    [
      'pass in on net0 to net1:10.0.0.1 all',
      '1:17: a rule decides whether a packet passes, not where it goes\n  fix: remove it: packets go where the routes lead',
    ],
    [
      'pass in on net0 dup-to net1 all',
      '1:17: "dup-to" is not possible: a rule decides whether a packet passes, not where it goes\n  fix: remove it',
    ],
    [
      'pass in on net0 fastroute all',
      '1:17: "fastroute" is not possible: a rule decides whether a packet passes, not where it goes\n  fix: remove it',
    ],
    [
      'call fr_srcgrpmap/1 in all',
      '1:1: "call" is not possible: there are no functions to call\n  fix: remove the rule',
    ],
    ['pass in all group 100', '1:19: no in rule is the head of group "100"\n  fix: add a rule with head'],
    [
      'block out all head 100\npass in all group 100',
      '2:19: no in rule is the head of group "100"\n  fix: a group and its head have one direction',
    ],
    [
      'block in all head 1\npass in all head 1 group 1',
      '2:18: group "1" leads back to itself\n  fix: give the head another group',
    ],
    ['pass in all all', '1:13: "all" for the second time\n  fix: remove one of the two'],
    ['set icmp_timeout 30;', '1:5: there is no setting "icmp_timeout"\n  fix: remove the line'],
    ['pass in on $wan all', '1:12: there is no variable "wan"\n  fix: define it: wan = "…";'],
    ['pass in log level locl0.info all', '1:19: "locl0.info" is no log level\n  fix: did you mean "local0"?'],
  ])('%s', (text, complaint) => {
    expect(complaints(text)[0]).toBe(`ipf.conf:${complaint}`);
  });

  test('an interface that the node does not have', () => {
    expect(complaints('block in on v4_bop0 all', { interfaces: ['net0', 'v4_bob0'] })).toEqual([
      'ipf.conf:1:13: there is no interface "v4_bop0"\n  fix: did you mean "v4_bob0"?',
    ]);
  });

  test('all at once, each with its place', () => {
    const found = complaints('pess in all\nblock in all\n\npass in from 300.0.0.1 to 10.0.0.0/40\n');
    expect(found.map(each => each.split(' ')[0])).toEqual(['ipf.conf:1:1:', 'ipf.conf:4:14:', 'ipf.conf:4:27:']);
  });

  test('any text gives diagnostics or rules, and never an exception', () => {
    const alphabet = [
      'pass',
      'in',
      'all',
      'from',
      'any',
      '(',
      ')',
      '!',
      'port',
      '=',
      '10.0.0.0/8',
      '\n',
      '"',
      '\\',
      '@',
      '$',
      '#',
      ';',
      '0x1',
      'keep',
      'state',
      ',',
      'with',
      'group',
    ];
    let seed = 1;
    for (let round = 0; round < 3000; round++) {
      const words = Array.from({ length: 12 }, () => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        return alphabet[(seed >>> 8) % alphabet.length];
      });
      const { config, diagnostics } = parseFilter('ipf.conf', words.join(' '));
      expect(config.rules.length + diagnostics.length).toBeGreaterThanOrEqual(0);
    }
  });
});
