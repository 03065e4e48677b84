import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import { clause } from '../clause.ts';
import { espFrom } from '../tester/esp-seen.ts';
import { sealEsp } from '../tester/esp.ts';
import { ipPacket, marker, udpPacket } from '../tester/frames.ts';
import { judge, require } from '../tester/judgement.ts';
import type { Scene } from '../tester/scene.ts';
import { A1, B1, b1ToA1, onWan } from '../tester/traffic.ts';

clause(
  'rfc4303-3.4.3-replay',
  {
    level: 'MUST',
    text: 'A packet that is received again is discarded',
    scenario:
      'b1 sends a1 five packets; the tester puts the same five frames on wan again. a1’s LAN must see each once.',
    brokenBy: 'ignores-replays',
    needs: ['inject'],
  },
  async scene => {
    await b1ToA1(
      scene,
      Array.from({ length: 5 }, (_, index) => marker(100, `REPLAY-${index} `)),
    );
    const frames = espTowardsAlice(scene);
    judge(arrivals(scene, 'REPLAY-').length === 5, 'the originals did not all arrive');
    await scene.send(
      'wan',
      'alice:net0',
      frames.map(packet => packet.octets),
    );
    const again = arrivals(scene, 'REPLAY-').slice(5);
    for (const packet of again) scene.cite(packet, 'delivered a second time', 'Sequence Number');
    for (const packet of frames.slice(0, 1))
      scene.cite(packet, 'sent once by bob, and again by the tester', 'Sequence Number');
    judge(again.length === 0, `${again.length} of 5 replayed packets were delivered again`);
  },
);

clause(
  'rfc4303-3.4.3-late-but-new',
  {
    level: 'MUST',
    text: 'A packet that comes late but inside the window, and was not seen, is accepted',
    scenario:
      'The tester, with bob’s keys, sends sequence numbers 1000, then 980, then 990: all are new and within a window of 32.',
    brokenBy: 'demands-order',
    needs: ['inject'],
  },
  async scene => {
    await sendAsBob(scene, [1000, 980, 990], 'LATE-');
    const seen = [1000, 980, 990].filter(sequence => arrivals(scene, `LATE-${sequence} `).length === 1);
    judge(seen.includes(1000), 'the first packet, sequence 1000, was refused');
    judge(seen.length === 3, `of 1000, 980, 990 only ${seen.join(', ')} arrived`);
  },
);

clause(
  'rfc4303-3.4.3-left-of-window',
  {
    level: 'MUST',
    text: 'A packet to the left of the window is discarded, also when it was never seen',
    scenario:
      'The tester, with bob’s keys, sends sequence 20000 and then 5: no window the standard speaks of reaches that far.',
    brokenBy: 'ignores-replays',
    needs: ['inject'],
  },
  async scene => {
    await sendAsBob(scene, [20000, 5], 'LEFT-');
    judge(arrivals(scene, 'LEFT-20000 ').length === 1, 'sequence 20000 was refused');
    const late = arrivals(scene, 'LEFT-5 ');
    for (const packet of late) scene.cite(packet, 'sequence 5 after 20000', 'Sequence Number');
    judge(late.length === 0, 'sequence 5 was delivered after 20000');
  },
);

clause(
  'rfc4303-3.4.3-window-moves-after-icv',
  {
    level: 'MUST',
    text: 'The window moves only for packets whose ICV was right',
    scenario:
      'The tester forges sequence 900000 with a wrong ICV; the packets that b1 sends afterwards must still arrive.',
    brokenBy: 'moves-window-early',
    needs: ['inject'],
  },
  async scene => {
    await b1ToA1(scene, [marker(100, 'BEFORE ')]);
    const forged = sealedAsBob(scene, 900_000, 'FORGED ');
    forged.set([0xff, 0xff, 0xff, 0xff], forged.length - 4);
    await onWan(scene, [espPacket(forged)]);
    await b1ToA1(scene, [marker(100, 'AFTER ')]);
    judge(arrivals(scene, 'BEFORE ').length === 1, 'nothing arrived even before the forgery');
    judge(arrivals(scene, 'FORGED ').length === 0, 'the forged packet was delivered');
    judge(
      arrivals(scene, 'AFTER ').length === 1,
      'after a forged packet the genuine ones are refused: the window moved before the ICV was checked',
    );
  },
);

for (const esp of ['aes256gcm16', 'aes128-sha256', 'chacha20poly1305']) {
  clause(
    `rfc4303-3.4.4.1-icv-check[${esp}]`,
    {
      level: 'MUST',
      text: 'A packet whose ICV does not verify is discarded',
      scenario:
        'The tester seals packets as bob, flips one bit each (in the SPI’s packet body, the IV, the ciphertext, the ICV), and sends them.',
      brokenBy: 'skips-icv-check',
      esp,
      needs: ['inject'],
    },
    async scene => {
      const places = [8, 20, 40, 90, -17, -1];
      const packets = places.map((place, index) => {
        const esp = sealedAsBob(scene, 100 + index, 'TAMPERED ');
        const at = place < 0 ? esp.length + place : place;
        esp[at] = (esp[at] ?? 0) ^ 0x01;
        return espPacket(esp);
      });
      const before = scene.packets({ link: 'lan-a', from: 'alice:net1' }).length;
      await onWan(scene, packets);
      const leaked = scene.packets({ link: 'lan-a', from: 'alice:net1' }).slice(before).filter(isIpv4);
      for (const packet of leaked) scene.cite(packet, 'made of a packet that was tampered with', 'Data');
      judge(leaked.length === 0, `${leaked.length} of ${places.length} tampered packets were let through`);
      await sendAsBob(scene, [200], 'GENUINE-');
      judge(arrivals(scene, 'GENUINE-200 ').length === 1, 'nor is a genuine packet accepted: this proves nothing');
    },
  );
}

clause(
  'rfc4303-3.4.2-unknown-spi',
  {
    level: 'MUST',
    text: 'A packet for which there is no SA is discarded',
    scenario: 'The tester sends what bob could have sent, under an SPI that alice does not have.',
    brokenBy: 'ignores-spi',
    needs: ['inject'],
  },
  async scene => {
    const esp = sealedAsBob(scene, 50, 'STRANGER ');
    Buffer.from(esp.buffer, esp.byteOffset).writeUInt32BE(0x0bad0bad, 0);
    await onWan(scene, [espPacket(esp)]);
    judge(arrivals(scene, 'STRANGER ').length === 0, 'a packet of an unknown SPI was delivered');
    await sendAsBob(scene, [51], 'KNOWN-');
    judge(arrivals(scene, 'KNOWN-51 ').length === 1, 'nor is a genuine packet accepted: this proves nothing');
  },
);

clause(
  'rfc4303-2.4-padding-is-checked',
  {
    level: 'SHOULD',
    text: 'The receiver inspects the pad octets',
    scenario:
      'The tester seals a packet, correctly authenticated, whose pad octets are not 1, 2, 3, and one that claims more padding than it has.',
    brokenBy: 'ignores-padding',
    needs: ['inject'],
  },
  async scene => {
    const keys = bobToAlice(scene);
    const payload = innerPacket('PADDING ', 101);
    const common = { keys, nextHeader: IpProtocol.IPV4, payload };
    await onWan(scene, [espPacket(sealEsp({ ...common, sequence: 60, padding: () => 0xee }))]);
    judge(arrivals(scene, 'PADDING ').length === 0, 'a packet with wrong pad octets was delivered');
    await onWan(scene, [espPacket(sealEsp({ ...common, sequence: 61, padLength: 255 }))]);
    judge(arrivals(scene, 'PADDING ').length === 0, 'a packet that claims 255 octets of padding was delivered');
    await onWan(scene, [espPacket(sealEsp({ ...common, sequence: 62 }))]);
    judge(arrivals(scene, 'PADDING ').length === 1, 'nor is a genuine packet accepted: this proves nothing');
  },
);

clause(
  'rfc4301-5.2-selector-check',
  {
    level: 'MUST',
    text: 'What comes out of an SA must match the selectors of the policy that the SA serves',
    scenario:
      'The tester, with bob’s keys, seals a packet from 198.51.100.7, which is not behind the tunnel, and one from b1.',
    brokenBy: 'ignores-selectors',
    selectors: ['10.0.0.0/24', '10.0.1.0/24'],
    needs: ['inject'],
  },
  async scene => {
    const keys = bobToAlice(scene);
    const foreign = udpPacket({ source: '198.51.100.7', destination: A1[4], payload: marker(80, 'FOREIGN ') });
    await onWan(scene, [espPacket(sealEsp({ keys, sequence: 70, nextHeader: IpProtocol.IPV4, payload: foreign }))]);
    for (const packet of arrivals(scene, 'FOREIGN '))
      scene.cite(packet, 'came through the tunnel from outside of its selectors', 'Data');
    judge(arrivals(scene, 'FOREIGN ').length === 0, 'a packet from outside of the selectors came through the SA');
    await sendAsBob(scene, [71], 'INSIDE-');
    judge(arrivals(scene, 'INSIDE-71 ').length === 1, 'nor is a packet inside of them accepted: this proves nothing');
  },
);

clause(
  'rfc4301-5.2-clear-inbound',
  {
    level: 'MUST',
    text: 'A clear packet that the policy would have had protected is discarded',
    scenario: 'The tester sends alice, on wan, clear packets from b1 to a1: plain, and IP-in-IP as from bob.',
    brokenBy: 'accepts-clear',
    needs: ['inject'],
  },
  async scene => {
    const plain = innerPacket('CLEAR ', 90);
    const tunnelled = ipPacket({
      source: '5.6.7.8',
      destination: '1.2.3.4',
      protocol: IpProtocol.IPV4,
      payload: innerPacket('CLEAR ', 90),
    });
    await onWan(scene, [plain, tunnelled]);
    const leaked = arrivals(scene, 'CLEAR ');
    for (const packet of leaked) scene.cite(packet, 'was clear on wan', 'Data');
    judge(leaked.length === 0, `${leaked.length} of 2 clear packets were let in`);
    await b1ToA1(scene, [marker(90, 'SEALED ')]);
    judge(arrivals(scene, 'SEALED ').length === 1, 'nor do sealed packets arrive: this proves nothing');
  },
);

const isIpv4 = (packet: CapturedPacket): boolean => packet.octets[12] === 0x08 && packet.octets[13] === 0x00;

/** What alice put on her LAN that holds the text. */
const arrivals = (scene: Scene, text: string): readonly CapturedPacket[] =>
  scene.packets({ link: 'lan-a', from: 'alice:net1' }).filter(packet => Buffer.from(packet.octets).includes(text));

const espTowardsAlice = (scene: Scene): readonly CapturedPacket[] =>
  scene
    .packets({ link: 'wan', from: 'internet:alice' })
    .filter(packet => espFrom(scene, 'bob').some(esp => esp.packet === packet));

function bobToAlice(scene: Scene) {
  const found = scene.keys().find(keys => keys.source === '5.6.7.8' && keys.destination === '1.2.3.4');
  return require(found, 'the run has no SA from bob to alice');
}

const innerPacket = (text: string, octets: number): Uint8Array =>
  udpPacket({ source: B1[4], destination: A1[4], payload: marker(octets, text) });

const sealedAsBob = (scene: Scene, sequence: number, text: string): Uint8Array =>
  sealEsp({ keys: bobToAlice(scene), sequence, nextHeader: IpProtocol.IPV4, payload: innerPacket(text, 100) });

const espPacket = (esp: Uint8Array): Uint8Array =>
  ipPacket({ source: '5.6.7.8', destination: '1.2.3.4', protocol: IpProtocol.ESP, payload: esp });

async function sendAsBob(scene: Scene, sequences: readonly number[], text: string): Promise<void> {
  await onWan(
    scene,
    sequences.map(sequence => espPacket(sealedAsBob(scene, sequence, `${text}${sequence} `))),
  );
}
