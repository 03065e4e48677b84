import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { createNetnsDriver } from '../../drivers/netns/netns-driver.ts';
import { podCommand } from '../../drivers/netns/pod.ts';
import { loadTopology } from '../../topology/load.ts';
import { bringUpSubject } from '../live/bring-up.ts';
import { LiveGround } from '../live/live-ground.ts';
import { BOB } from '../live/sites.ts';
import { type BenchSubject, type SubjectParameters, USUAL } from '../live/subject.ts';
import { openvpnStatic } from './openvpn-static.ts';
import { openvpnTls } from './openvpn-tls.ts';
import { strongswan } from './strongswan.ts';
import { wireguardGo } from './wireguard-go.ts';

interface PeerCase {
  readonly subject: BenchSubject;
  readonly parameters: readonly SubjectParameters[];
  readonly needs: string;
}

const CHACHA: SubjectParameters = { ...USUAL, cipher: 'chacha20poly1305' };
const OPENVPN = 'OpenVPN: sudo apt-get install openvpn';
const CASES: readonly PeerCase[] = [
  {
    subject: strongswan,
    parameters: [{ ...USUAL, encapsulation: 'always' }],
    needs: 'strongSwan with kernel-libipsec and /dev/net/tun',
  },
  { subject: openvpnStatic, parameters: [{ ...USUAL, cipher: 'aes128-sha256', inner: 6 }], needs: OPENVPN },
  { subject: openvpnTls, parameters: [{ ...USUAL, outer: 6 }], needs: OPENVPN },
  {
    subject: wireguardGo,
    parameters: [CHACHA, { ...CHACHA, outer: 6, inner: 6 }],
    needs: 'WireGuard: sudo apt-get install wireguard-go wireguard-tools',
  },
];

const isRoot = process.getuid?.() === 0;
const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
const podWorks = spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;
const isPossible = ({ subject, parameters }: PeerCase): boolean =>
  parameters.every(one => subject.obstacle(one) === null);

describe.skipIf(insideNamespaces)('what the engine is compared with, live', () => {
  test.skipIf(!built || !podWorks)('in a pod (needs npm run build, g++ make python3, and namespaces)', async () =>
    expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe(''),
  );
  for (const one of CASES.filter(each => !isPossible(each)))
    test.skipIf(!isPossible(one))(`${one.subject.title} (needs ${one.needs})`, () =>
      expect(isPossible(one)).toBe(true),
    );
});

const ECHO_DATA_OCTETS = 900;
const PATTERN = 'c0ffee';

const PLAYS = CASES.filter(isPossible).flatMap(({ subject, parameters }) =>
  parameters.map(one => ({ name: subject.name, subject, one })),
);

describe.runIf(insideNamespaces)('carries packets, protected, in as many octets as the book says', () => {
  test.each(PLAYS)('$name, outer $one.outer, inner $one.inner', async ({ subject, one }) => {
    const lengths: number[] = [];
    let seen = '';
    const up = async (text: string) => {
      const { topology } = loadTopology('bench.yaml', text);
      const lab = await createNetnsDriver().up(topology ?? fail(), {
        runId: process.env['IPSEC_LAB_RUN'] ?? 'test',
        seed: '',
        onEvent: () => undefined,
        onPacket: ({ link, octets }) => {
          if (link !== 'wan') return;
          lengths.push(octets.length - ETHERNET_OCTETS);
          seen += Buffer.from(octets).toString('hex');
        },
      });
      const folder = mkdtempSync('/run/turn-');
      return new LiveGround({ lab, folder, signal: AbortSignal.timeout(100_000), troubles: () => [] });
    };
    const ground = await bringUpSubject(up, subject, one);
    try {
      const predicted = subject.outerOctets?.(one, ECHO_DATA_OCTETS + 8 + (one.inner === 4 ? 20 : 40)) ?? fail();
      const ping = ['ping', '-c', '1', '-W', '1', '-s', String(ECHO_DATA_OCTETS), '-p', PATTERN];
      // There and back.
      await ground.until(`two packets of ${predicted} octets on the WAN`, async () => {
        await ground.run('a1', [...ping, BOB.hostAddress[one.inner]]);
        await ground.lab.sleep(0);
        return lengths.filter(length => length === predicted).length >= 2;
      });
      expect(seen).not.toContain(PATTERN.repeat(4));
      const working = ground.processTimes().filter(({ node }) => node === 'alice');
      expect(working.map(({ program }) => program)).not.toEqual([]);
    } finally {
      await ground.down();
    }
  });
});

const ETHERNET_OCTETS = 14;

function fail(): never {
  throw new Error('the test itself is wrong');
}
