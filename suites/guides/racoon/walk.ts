import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dissect } from '../../../engine/wire/dissect.ts';
import type { CapturedPacket } from '../../../lab/capture/packet.ts';
import type { Driver } from '../../../lab/drivers/driver.ts';
import { holds } from '../../tester/ip.ts';
import { beginWalk, shipped, type Walk, walkIn } from '../walk.ts';
import { beginRenewal, expectAllAnew, type Renewal } from './authority.ts';
import { ADDRESS, expectMeshed, type Machine, onEach, setLevel, switchOff } from './mesh.ts';
import { openStreams, type Streams } from './streams.ts';

/** What a release of racoon for a cluster says of itself, on five machines that run: from off through use to require, and back. */
export function racoonWalk(title: string, driver: () => Driver): void {
  describe(`IPsec for a cluster that runs, ${title}`, { timeout: 300_000 }, () => {
    let walk: Walk;
    let renewal: Renewal;
    beforeAll(async () => {
      renewal = beginRenewal();
      walk = await beginWalk(driver(), 'racoon-mesh');
    });
    afterAll(() => {
      renewal.close();
      return walk.lab.down();
    });

    test('off: what nc sends can be read on the wire', async () => {
      await onEach(walk, switchOff);
      expect(await readable(walk, 'Hello')).toBe(true);
    });

    test('from off to use: no connection is lost, and all that can be protected is', async () => {
      const streams = await openStreams(walk, 30);
      await onEach(walk, (each, machine) => setLevel(each, machine, 'use'));
      await expectMeshed(walk);
      await expectUnharmed(streams);
      expect(await readable(walk, 'Hello again')).toBe(false);
    });

    test('from use to require: no connection is lost', async () => {
      const streams = await openStreams(walk, 20);
      await onEach(walk, (each, machine) => setLevel(each, machine, 'require'));
      await expectUnharmed(streams);
      expect(await readable(walk, 'Nobody reads this')).toBe(false);
    });

    test('require: who has no SA is refused, and says nothing in the clear', async () => {
      await switchOff(walk, 'uaa');
      const since = walk.here();
      const pings = await Promise.all([walk.ping('uaa', ADDRESS.api), walk.ping('api', ADDRESS.uaa)]);
      for (const ping of pings) expect(ping).not.toMatchObject({ kind: 'answered' });
      const fromApi = walk.packets('to-api', since).filter(({ from }) => from === 'api:net0');
      expect(fromApi.filter(seen => isBetween(seen, 'api', 'uaa') && !isProtected(seen))).toEqual([]);
      await setLevel(walk, 'uaa', 'require');
      await walk.until(async () => (await walk.ping('uaa', ADDRESS.api)).kind === 'answered', 30_000);
    });

    test('another authority, through use: no connection is lost', async () => {
      const streams = await openStreams(walk, 45);
      await onEach(walk, (each, machine) => setLevel(each, machine, 'use'));
      const since = walk.lab.now();
      await onEach(walk, renewal.deploy);
      await expectAllAnew(walk, since);
      await expectMeshed(walk);
      await onEach(walk, (each, machine) => setLevel(each, machine, 'require'));
      await expectUnharmed(streams);
      expect(await readable(walk, 'Nobody reads this either')).toBe(false);
    });

    test('a certificate is reported while all is well, and refused when it has ended', async () => {
      const seen = walk.events.length;
      const since = () => walk.events.slice(seen);
      await renewal.deploy(walk, 'cell', SHORT_SECONDS);
      const end = walk.lab.now() + BigInt(SHORT_SECONDS + 1) * 1_000_000_000n;
      await walk.until(async () => (await walk.ping('cell', ADDRESS.api)).kind === 'answered');
      const reports = since().filter(({ kind, node }) => kind === 'certificateExpires' && node === 'cell');
      expect(reports.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(
          /^the certificate of CN=cell,O=ipsec-lab, its own, ends on \d{4}-.*: have another one by then$/,
        ),
      ]);
      await walk.lab.sleep(Math.max(0, Number(end - walk.lab.now()) / 1e6));
      // With SAs there is no question of certificates; without them there is.
      await walk.does('cell', 'service racoon restart');
      expect(await walk.ping('cell', ADDRESS.api)).not.toMatchObject({ kind: 'answered' });
      await walk.until(
        () => since().some(({ kind, node }) => kind === 'authenticationFailed' && node === 'api'),
        60_000,
      );
      await renewal.deploy(walk, 'cell');
      await walk.until(async () => (await walk.ping('cell', ADDRESS.api)).kind === 'answered', 60_000);
    });

    test('and back: through use to off, no connection is lost', async () => {
      const streams = await openStreams(walk, 30);
      await onEach(walk, (each, machine) => setLevel(each, machine, 'use'));
      await onEach(walk, switchOff);
      await expectUnharmed(streams);
      expect(await readable(walk, 'Hello, everybody')).toBe(true);
    });
  });
}

/** As short as a slow machine can do with. */
const SHORT_SECONDS = 15;

/** All were open until now, and bring what they carry to its end. */
async function expectUnharmed(streams: Streams): Promise<void> {
  expect(streams.open()).toBe(streams.count);
  expect(await streams.ended()).toEqual(Array.from({ length: streams.count }, () => null));
}

/** A certificate that ends is told of while all is well: what the same mesh says an hour before the first one does. */
export function expiryWalk(title: string, driver: () => Driver): void {
  test(`a certificate is reported before its end hurts anybody, ${title}`, { timeout: 120_000 }, async () => {
    const mesh = shipped('racoon-mesh');
    const pki = mesh.pki;
    if (pki === null) throw new Error('the mesh has no certificates');
    const certificates = pki.certificates.map(each =>
      each.name === 'cell'
        ? { ...each, validity: { fromSeconds: -HOUR_SECONDS, toSeconds: 1.5 * HOUR_SECONDS } }
        : each,
    );
    const walk = await walkIn(driver(), { ...mesh, pki: { ...pki, certificates } });
    const reports = () => walk.events.filter(({ kind }) => kind === 'certificateExpires');
    expect(reports()).toEqual([]);
    await walk.lab.sleep(0.4 * HOUR_SECONDS * 1000);
    expect(await walk.ping('cell', ADDRESS.api)).toMatchObject({ kind: 'answered' });
    expect(reports()).toEqual([]);
    await walk.lab.sleep(0.3 * HOUR_SECONDS * 1000);
    expect(reports().map(({ node }) => node)).toEqual(['cell']);
    expect(reports()[0]?.detail).toMatch(
      /^the certificate of CN=cell,O=ipsec-lab, its own, ends on 2026-01-01, in 50 minutes/,
    );
    expect(await walk.ping('cell', ADDRESS.api)).toMatchObject({ kind: 'answered' });
    await walk.lab.down();
  });
}

const HOUR_SECONDS = 3600;

/** Whether what consul says to api by nc is to be read on api's link. */
async function readable(walk: Walk, text: string): Promise<boolean> {
  const since = walk.here();
  const listening = walk.type('api', 'nc -l 9999');
  await walk.lab.sleep(500);
  await walk.does('consul', `nc -N ${ADDRESS.api} 9999`, `${text}\n`);
  expect(await listening).toMatchObject({ stdout: `${text}\n` });
  return walk.packets('to-api', since).some(({ octets }) => holds(octets, text));
}

function isBetween({ octets }: CapturedPacket, a: Machine, b: Machine): boolean {
  const ip = dissect(octets).layers.find(layer => layer.kind === 'ipv4');
  return ip?.kind === 'ipv4' && ip.source === ADDRESS[a] && ip.destination === ADDRESS[b];
}

/** By ESP; and IKE, which protects itself. */
function isProtected({ octets }: CapturedPacket): boolean {
  return dissect(octets).layers.some(({ kind }) => kind === 'esp' || kind === 'ike');
}
