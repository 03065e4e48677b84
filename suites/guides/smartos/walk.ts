import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Driver, NodeIke } from '../../../lab/drivers/driver.ts';
import { beginWalk, type Walk } from '../walk.ts';
import * as claims from './claims.ts';
import { OF, SIDES } from './guide.ts';
import * as steps from './steps.ts';

/**
 * The whole guide, in its order, on bare Alice and Bob: first with a pre-shared key, then with self-signed certificates, then with those
 * that Charles issues. Each step begins where the one before it has left the lab.
 */
export function smartosWalk(title: string, driver: () => Driver): void {
  describe(`a guide to tunnels on SmartOS, ${title}`, { timeout: 120_000 }, () => {
    let walk: Walk;
    beforeAll(async () => {
      walk = await beginWalk(driver(), 'smartos-guide');
    });
    afterAll(() => walk.lab.down());

    test('Environment: two routers that know each other, two networks that do not', async () => {
      // The first answer may be late: nobody knows anybody's MAC address yet.
      await walk.until(async () => (await walk.ping('alice', '5.6.7.8')).kind === 'answered');
      expect(await walk.ping('a1', '10.0.0.1')).toMatchObject({ kind: 'answered' });
      expect(await walk.ping('a1', '10.0.1.2')).not.toMatchObject({ kind: 'answered' });
      expect(await walk.does('alice', 'dladm show-iptun')).not.toContain('v4_bob0');
    });
    test('IPsec Policy', () => steps.setPolicy(walk));
    test('IKE Pre-Shared Authentication', async () => {
      const key = await steps.usePresharedKey(walk);
      const told = walk.events.map(({ detail }) => detail).join('\n');
      expect(told).not.toContain(key.slice(0, 16));
    });
    test('IP Filter', () => steps.setFilter(walk));
    test('Basic Security', () => steps.setHostModel(walk));
    test('Define the Tunnel', () => steps.defineTunnel(walk));
    test('Address the Tunnel', async () => {
      const since = walk.here();
      await steps.addressTunnel(walk);
      await steps.pingAcross(walk);
      expect(walk.lines('wan', since).filter(line => line.includes('IP-in-IP'))).toEqual([]);
      await expectAuthenticated(walk, 'psk');
    });
    test('Route over the Tunnel', () => steps.routeOverTunnel(walk));
    test('claim: only encrypted traffic crosses', () => claims.onlyEncryptedTrafficCrosses(walk));
    test('claim: injected packets are refused', () => claims.injectedPacketsAreRefused(walk));
    test('claim: packets are taken only where their address is', () => claims.hostModelIsStrong(walk));
    test('claim: IPv6 is filtered as well', () => claims.ipv6IsFilteredAsWell(walk));
    test('what was set without -t is there after a reboot', async () => {
      await reboot(walk, 'alice');
      expect(await walk.does('alice', 'dladm show-iptun')).toContain('v4_bob0');
      await walk.until(async () => (await walk.ping('a1', OF.bob.host4)).kind === 'answered', 60_000);
      await claims.onlyEncryptedTrafficCrosses(walk);
    });

    test('Generating a Self-Signed Key-Pair', () => steps.exchangeSelfSigned(walk));
    test('Configuring IKE to use public keys: self-signed', async () => {
      await steps.usePublicKeys(walk, 'self-signed');
      await steps.pingAcross(walk);
      await expectAuthenticated(walk, 'rsa');
      await claims.onlyEncryptedTrafficCrosses(walk);
    });
    test('certlocal -r and certdb -r take them away again', async () => {
      for (const side of SIDES) {
        await steps.removeAll(walk, side, 'certlocal');
        await steps.removeAll(walk, side, 'certdb');
      }
    });
    test('Generating a Key-Pair & Signing Request', () => steps.enrolWithCharles(walk));
    test('Configuring IKE to use public keys: Charles', async () => {
      await steps.usePublicKeys(walk, 'charles');
      await steps.pingAcross(walk);
      await expectAuthenticated(walk, 'rsa');
      await claims.onlyEncryptedTrafficCrosses(walk);
      await claims.injectedPacketsAreRefused(walk);
    });

    test('what can be made can be taken away: delete-addr, delete-iptun', async () => {
      await walk.does('alice', 'ipadm delete-addr v4_bob0/v6');
      await walk.does('alice', 'ipadm delete-if v4_bob0');
      await walk.does('alice', 'dladm delete-iptun v4_bob0');
      expect(await walk.does('alice', 'dladm show-iptun')).not.toContain('v4_bob0');
      const since = walk.here();
      expect(await walk.ping('a1', OF.bob.host4)).not.toMatchObject({ kind: 'answered' });
      // The filter keeps in what has lost its tunnel: its rules name the networks, whatever the interface.
      expect(walk.lines('wan', since).filter(line => line.includes('10.0.0.2 >'))).toEqual([]);
    });
    test('and what was made with -t is gone after a reboot', async () => {
      await walk.does('alice', 'dladm create-iptun -t -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 v4_bob0');
      expect(await walk.does('alice', 'dladm show-iptun')).toContain('v4_bob0');
      await reboot(walk, 'alice');
      expect(await walk.does('alice', 'dladm show-iptun')).not.toContain('v4_bob0');
    });
  });
}

const established = ({ status }: NodeIke) => status.sas.filter(({ state }) => state === 'established');

async function reboot(walk: Walk, node: string): Promise<void> {
  await walk.type(node, 'reboot');
  await walk.lab.sleep(1000);
  await walk.until(() => isUp(walk, node));
}

async function isUp(walk: Walk, node: string): Promise<boolean> {
  const status = (await walk.lab.status()).find(({ name }) => name === node);
  return status?.interfaces.some(({ up }) => up) ?? false;
}

/** Both ends have proven who they are by that method, in IKEv1, and say that nobody should use that any more. */
async function expectAuthenticated(walk: Walk, method: 'psk' | 'rsa'): Promise<void> {
  const look = async () => (await walk.lab.ike()).map(one => [one.node, established(one)] as const);
  await walk.until(async () => {
    await walk.ping('alice', '10.0.1.1');
    return (await look()).filter(([, sas]) => sas.length > 0).length === SIDES.length;
  });
  const all = await look();
  expect(all.map(([node]) => node)).toEqual(expect.arrayContaining([...SIDES]));
  for (const [, sas] of all) {
    for (const { version, localAuthentication, remoteAuthentication } of sas) {
      expect(version).toBe(1);
      expect(localAuthentication).toContain(method);
      expect(remoteAuthentication).toContain(method);
    }
  }
  expect(walk.events.filter(({ kind }) => kind === 'deprecated').length).toBeGreaterThan(0);
}
