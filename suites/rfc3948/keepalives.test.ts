import { benchClause } from '../clause.ts';
import { ALICE, PEER } from '../tester/bench.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { judge, require } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';
import { datagram, datagramsFrom, NAT_T_PORT } from '../tester/udp-on-bench.ts';

/** RFC 3948 §2.3 and §4: what keeps the mapping of a NAT alive. */

const alice = site({ sa: { encapsulation: { localPort: NAT_T_PORT, remotePort: NAT_T_PORT, followsPeer: true } } });

benchClause(
  'rfc3948-2.3-keepalive-is-ignored',
  {
    level: 'SHOULD',
    text: 'A keepalive that is received is ignored',
    scenario:
      'The peer sends keepalives, from his port and from another one; alice does not answer, nor send elsewhere.',
    brokenBy: 'follows-anyone',
    alice,
  },
  async bench => {
    const keepalive = { source: PEER[4], destination: ALICE[4], payload: Uint8Array.of(0xff) };
    await bench.fromOutside([datagram(keepalive), datagram({ ...keepalive, from: 61234 })]);
    judge(bench.outside().length === 0, 'alice answered a keepalive');
    await outbound(bench, ['AFTER ']);
    const seen = require(datagramsFrom(bench)[0], 'alice sent nothing');
    bench.cite(seen, `UDP ${seen.from} > ${seen.to}`, 'Ports');
    judge(seen.to === NAT_T_PORT, `alice sends to port ${seen.to} because of a keepalive`);
  },
);

benchClause(
  'rfc3948-4-keepalive-is-sent',
  {
    level: 'SHOULD',
    text: 'When nothing else was sent for 20 seconds, a keepalive is: one octet, 0xFF, on the ports of ESP',
    scenario: 'The host behind alice sends once; 65 seconds pass.',
    brokenBy: 'no-keepalives',
    needs: ['virtual-time'],
    alice,
  },
  async bench => {
    await outbound(bench, ['ONCE ']);
    await bench.lab.sleep(65_000);
    const keepalives = datagramsFrom(bench).filter(({ content }) => content.length === 1);
    for (const seen of keepalives)
      bench.cite(seen, `UDP ${seen.from} > ${seen.to}, 0x${seen.content[0]?.toString(16)}`, 'Data');
    judge(keepalives.length >= 2 && keepalives.length <= 4, `${keepalives.length} keepalives in 65 seconds of silence`);
    for (const { from, to, content, checksum } of keepalives) {
      judge(content[0] === 0xff, `a keepalive of 0x${content[0]?.toString(16)}`);
      judge(from === NAT_T_PORT && to === NAT_T_PORT, `a keepalive on UDP ${from} > ${to}`);
      judge(checksum === 0, 'a keepalive with a checksum');
    }
  },
);

benchClause(
  'rfc3948-4-no-keepalive-while-packets-flow',
  {
    level: 'SHOULD',
    text: 'While other packets go to the peer there is no need for keepalives',
    scenario: 'The host behind alice sends every ten seconds for a minute.',
    brokenBy: 'eager-keepalives',
    needs: ['virtual-time'],
    alice,
  },
  async bench => {
    for (let turn = 0; turn < 6; turn++) {
      await outbound(bench, [`TURN-${turn} `]);
      await bench.lab.sleep(10_000);
    }
    const keepalives = datagramsFrom(bench).filter(({ content }) => content.length === 1);
    for (const seen of keepalives) bench.cite(seen, 'a keepalive that nobody needs', 'Data');
    judge(keepalives.length === 0, `${keepalives.length} keepalives among packets`);
  },
);
