import { benchClause } from '../clause.ts';
import type { Bench } from '../tester/bench.ts';
import { accepted, outbound, refused } from '../tester/esp-on-bench.ts';
import { judge } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';
import { datagramsFrom, encapsulated, NAT_T_PORT } from '../tester/udp-on-bench.ts';

/** A NAT may map the peer anew at any time: RFC 3948 §2 and §4 with RFC 7296 §2.23, whose words these are. */

const encapsulation = { localPort: NAT_T_PORT, remotePort: NAT_T_PORT, followsPeer: true };
const alice = site({ sa: { encapsulation } });
const spoilIcv = (esp: Uint8Array): void => void esp.subarray(-4).fill(0xff);

benchClause(
  'rfc7296-2.23-follows-the-peer[port]',
  {
    level: 'SHOULD',
    text: 'An authentic packet from a new port moves the peer there',
    scenario: 'The peer’s NAT maps him to port 61001; alice’s next packet goes there.',
    brokenBy: 'stays-put',
    alice,
  },
  async bench => {
    await bench.fromOutside([encapsulated(bench, { sequence: 1, text: 'MOVED ', from: 61001 })]);
    accepted(bench, ['MOVED '], 'refused because of its port');
    await goesTo(bench, '5.6.7.8', 61001);
    judge(bench.events().includes('peerMoved'), 'alice did not say that the peer has moved');
  },
);

benchClause(
  'rfc7296-2.23-follows-the-peer[address]',
  {
    level: 'SHOULD',
    text: 'An authentic packet from a new address moves the peer there',
    scenario: 'The peer’s NAT gets another address, 5.6.7.77, and port 61002; alice’s next packet goes there.',
    brokenBy: 'stays-put',
    alice,
  },
  async bench => {
    await bench.fromOutside([encapsulated(bench, { sequence: 1, text: 'MOVED ', source: '5.6.7.77', from: 61002 })]);
    accepted(bench, ['MOVED '], 'refused because of its address');
    await goesTo(bench, '5.6.7.77', 61002);
  },
);

benchClause(
  'rfc7296-2.23-forgery-moves-nobody',
  {
    level: 'MUST',
    text: 'A packet that does not verify moves nobody',
    scenario: 'Somebody sends alice, from 198.51.100.66, the peer’s SPI with a wrong ICV.',
    brokenBy: 'follows-anyone',
    alice,
  },
  async bench => {
    await bench.fromOutside([
      encapsulated(bench, { sequence: 1, text: 'FORGED ', source: '198.51.100.66', from: 666, spoil: spoilIcv }),
    ]);
    refused(bench, 'FORGED ', 'a packet with a wrong ICV was accepted');
    await goesTo(bench, '5.6.7.8', NAT_T_PORT);
  },
);

benchClause(
  'rfc7296-2.23-replay-moves-nobody',
  {
    level: 'MUST',
    text: 'A packet that was recorded and is sent again from elsewhere moves nobody',
    scenario: 'Somebody who saw the peer’s packet sends it to alice from 198.51.100.66.',
    brokenBy: 'follows-anyone',
    alice,
  },
  async bench => {
    await bench.fromOutside([encapsulated(bench, { sequence: 7, text: 'ONCE ' })]);
    await bench.fromOutside([encapsulated(bench, { sequence: 7, text: 'ONCE ', source: '198.51.100.66', from: 666 })]);
    accepted(bench, ['ONCE '], 'accepted twice');
    await goesTo(bench, '5.6.7.8', NAT_T_PORT);
  },
);

benchClause(
  'rfc7296-2.23-late-packet-moves-nobody',
  {
    level: 'SHOULD',
    text: 'Only the newest packet says where the peer is: one that was held up does not lead back',
    scenario: 'The peer moves to port 61003 with number 9; then number 8 arrives late from where he was.',
    brokenBy: 'follows-anyone',
    alice,
  },
  async bench => {
    await bench.fromOutside([encapsulated(bench, { sequence: 9, text: 'NEW ', from: 61003 })]);
    await bench.fromOutside([encapsulated(bench, { sequence: 8, text: 'LATE ' })]);
    accepted(bench, ['NEW ', 'LATE '], 'refused');
    await goesTo(bench, '5.6.7.8', 61003);
  },
);

/** Fails unless the next packet of alice’s goes there. */
async function goesTo(bench: Bench, address: string, port: number): Promise<void> {
  const before = datagramsFrom(bench).length;
  await outbound(bench, ['NEXT ']);
  const seen = datagramsFrom(bench)[before];
  judge(seen !== undefined, 'alice sends no datagram any more');
  bench.cite(seen, `to ${seen.header.destination} port ${seen.to}`, 'Ports');
  judge(
    seen.header.destination === address && seen.to === port,
    `alice sends to ${seen.header.destination} port ${seen.to}, not ${address} port ${port}`,
  );
}
