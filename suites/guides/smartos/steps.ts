import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { openCharles } from '../charles.ts';
import type { Walk } from '../walk.ts';
import {
  CHARLES_DN,
  far,
  ikePreshared,
  ikePublicKey,
  ipf,
  ipf6,
  ipsecinit,
  OF,
  preshared,
  SIDES,
  type Side,
  type Trust,
} from './guide.ts';

/** The steps of the guide, in its order, each by the guide's own commands and followed by a look at what it has come to. */

const IKE_CONFIG = '/etc/inet/ike/config';
const CHECKS_OUT = 'in.iked: Configuration file /etc/inet/ike/config syntactically checks out.\n';

export async function setPolicy(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    await walk.write(side, '/etc/inet/ipsecinit.conf', ipsecinit(side));
    const algorithms = await walk.does(side, 'ipsecalgs -l');
    expect(algorithms).toMatch(/aes/);
    expect(algorithms).toMatch(/sha512/);
    await walk.does(side, 'svcadm restart ipsec/policy');
    expect(await walk.does(side, 'svcs ipsec/policy')).toMatch(/^online .*ipsec\/policy:default$/m);
    expect(await walk.does(side, 'ipsecconf')).toContain(`tunnel ${OF[side].tunnel} negotiate tunnel`);
  }
}

/** `openssl rand -hex 128`, and the files that have it. */
export async function usePresharedKey(walk: Walk): Promise<string> {
  const key = randomBytes(128).toString('hex');
  for (const side of SIDES) {
    await walk.write(side, IKE_CONFIG, ikePreshared(side));
    expect(await walk.does(side, '/usr/lib/inet/in.iked -c')).toBe(CHECKS_OUT);
    await walk.write(side, '/etc/inet/secret/ike.preshared', preshared(side, key));
    await walk.does(side, 'svcadm enable ipsec/ike');
    expect(await walk.does(side, 'svcs ipsec/ike')).toMatch(/^online .*ipsec\/ike:default$/m);
  }
  return key;
}

export async function setFilter(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    await walk.write(side, '/etc/ipf/ipf.conf', ipf(side));
    await walk.write(side, '/etc/ipf/ipf6.conf', ipf6(side));
    // The guide says restart, which begins nothing that was never enabled.
    const { stderr } = await walk.type(side, 'svcadm restart network/ipfilter');
    expect(stderr).toMatch(/disabled|^$/);
    await walk.does(side, 'svcadm enable network/ipfilter');
    const rules = await walk.does(side, 'ipfstat -io');
    for (const rule of ipf(side).split('\n').slice(1, -1)) expect(rules).toContain(rule);
  }
}

export async function setHostModel(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    for (const family of ['ipv4', 'ipv6']) {
      await walk.does(side, `ipadm set-prop -p hostmodel=strong ${family}`);
      expect(await walk.does(side, `ipadm show-prop -p hostmodel ${family}`)).toMatch(
        new RegExp(`^${family} +hostmodel +rw +strong +strong`, 'm'),
      );
    }
  }
}

export async function defineTunnel(walk: Walk, flags = ''): Promise<void> {
  for (const side of SIDES) {
    const { tunnel, outer } = OF[side];
    const ends = `local=${outer},remote=${OF[far(side)].outer}`;
    await walk.does(side, `dladm create-iptun ${flags}-T ipv4 -a ${ends} ${tunnel}`);
    const shown = await walk.does(side, 'dladm show-iptun');
    expect(shown).toMatch(/^LINK +TYPE +FLAGS +LOCAL +REMOTE$/m);
    expect(shown).toMatch(new RegExp(`^${tunnel} +ipv4 +\\S+ +${outer} +${OF[far(side)].outer}$`, 'm'));
  }
}

export async function addressTunnel(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    const { tunnel, inner } = OF[side];
    await walk.does(side, `ipadm create-addr -T static -a local=${inner},remote=${OF[far(side)].inner} ${tunnel}/v4`);
    await walk.does(side, `ipadm create-addr -T addrconf ${tunnel}/v6`);
    expect(await walk.does(side, `ipadm show-if ${tunnel}`)).toMatch(
      new RegExp(`^IFNAME +STATE +CURRENT +PERSISTENT\n${tunnel} +ok +-mp-------46 -46$`, 'm'),
    );
  }
}

/** As far as the two routers: the guide's pings. */
export async function pingAcross(walk: Walk): Promise<void> {
  expect(await walk.does('alice', 'ping 10.0.1.1')).toBe('10.0.1.1 is alive\n');
  expect(await walk.does('bob', 'ping 10.0.0.1')).toBe('10.0.0.1 is alive\n');
}

export async function routeOverTunnel(walk: Walk): Promise<void> {
  // As the guide has it for Alice: her own network, with a host's address. It cannot be meant, and is told so with what is.
  const slip = await walk.type('alice', 'route -p add 10.0.0.1/24 10.0.1.1');
  expect(slip.status).not.toBe(0);
  expect(slip.stdout + slip.stderr).toContain('route -p add 10.0.1.0/24 10.0.1.1');
  await walk.does('alice', 'route -p add 10.0.1.0/24 10.0.1.1');
  await walk.does('bob', 'route -p add 10.0.0.0/24 10.0.0.1');
  for (const side of SIDES) {
    const { tunnel, linkLocal } = OF[side];
    const other = OF[far(side)];
    const typed = await walk.type(side, `ipaddr show-addr ${tunnel}/v6`);
    expect(typed).toMatchObject({ status: 127 });
    expect(typed.stderr).toContain(`ipadm show-addr ${tunnel}/v6`);
    const shown = await walk.does(side, `ipadm show-addr ${tunnel}/v6`);
    expect(shown).toMatch(new RegExp(`^${tunnel}/v6 +addrconf +ok +${linkLocal}->${other.linkLocal}$`, 'm'));
    await walk.does(side, `route -p add -inet6 ${other.lan6} ${other.linkLocal}`);
    const routes = await walk.does(side, 'netstat -rn');
    expect(routes).toMatch(new RegExp(`^${other.lan4.replace('/24', '')} +${other.inner} +UG .*${tunnel}$`, 'm'));
    expect(routes).toMatch(new RegExp(`^${other.lan6} +${other.linkLocal} +UG .*${tunnel}$`, 'm'));
  }
}

/** Everything but IPsec and IKE, which stand before it in the guide. */
export async function buildTunnel(walk: Walk): Promise<void> {
  await setHostModel(walk);
  await defineTunnel(walk);
  await addressTunnel(walk);
}

/** Each makes a key pair, and gives the other the certificate that it has signed itself. */
export async function exchangeSelfSigned(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    const made = await walk.does(side, `ikecert certlocal -ks -m 2048 -t rsa-sha1 -D "${OF[side].dn}"`);
    expect(made).toMatch(
      /^Creating private key\.\nCertificate added to database\.\n-----BEGIN X509 CERTIFICATE-----\n/,
    );
    await walk.does(far(side), 'ikecert certdb -a', made.slice(made.indexOf('-----BEGIN')));
    expect(await walk.does(side, 'ikecert certlocal -l')).toContain(commonName(side));
    expect(await walk.does(far(side), 'ikecert certdb -l')).toContain(commonName(side));
  }
}

/** Each makes a key pair and a request; Charles, who works with OpenSSL, issues what it asks for. */
export async function enrolWithCharles(walk: Walk): Promise<void> {
  const charles = openCharles(`/${CHARLES_DN.split(', ').join('/')}`);
  try {
    for (const side of SIDES) {
      const made = await walk.does(side, `ikecert certlocal -kc -m 2048 -t rsa-sha1 -D "${OF[side].dn}"`);
      expect(made).toMatch(/^Creating private key\.\n-----BEGIN CERTIFICATE REQUEST-----\n/);
      const issued = charles.issue(made.slice(made.indexOf('-----BEGIN')));
      await walk.does(side, 'ikecert certdb -a', charles.certificate);
      await walk.does(side, 'ikecert certdb -a', issued);
      expect(await walk.does(side, 'ikecert certdb -l')).toContain('Charles');
    }
  } finally {
    charles.close();
  }
}

export async function usePublicKeys(walk: Walk, trust: Trust): Promise<void> {
  for (const side of SIDES) {
    await walk.write(side, IKE_CONFIG, ikePublicKey(side, trust));
    expect(await walk.does(side, '/usr/lib/inet/in.iked -c')).toBe(CHECKS_OUT);
    await walk.write(side, '/etc/inet/secret/ike.preshared', '');
  }
  for (const side of SIDES) await walk.does(side, 'svcadm restart ipsec/ike');
}

export function commonName(side: Side): string {
  return side === 'alice' ? 'AliceTech VPN' : 'BobDesign VPN';
}

/** Slot by slot, as `-l` counts them. */
export async function removeAll(walk: Walk, side: Side, database: 'certlocal' | 'certdb'): Promise<void> {
  const firstSlot = async () => /Slot Name: (\d+)/.exec(await walk.does(side, `ikecert ${database} -l`))?.[1];
  for (let slot = await firstSlot(); slot !== undefined; slot = await firstSlot()) {
    await walk.does(side, `ikecert ${database} -r ${slot}`);
  }
}
