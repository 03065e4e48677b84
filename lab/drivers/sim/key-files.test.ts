import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { GUIDE_PRESHARED, GUIDE_PSK_CONFIG, GUIDE_RSA_CONFIG } from '../../../engine/config/testing/seed-smartos.ts';
import { decodeLine } from '../../capture/decode-line.ts';
import { loadTopology } from '../../topology/load.ts';
import { guideTopology, racoonTopology } from '../../topology/testing/key-files.ts';
import { openSim } from './testing/sim-scene.ts';

const PKI = `pki:
  authorities: { charles: { subject: "C=US, CN=Charles' Certificate Authority DN", key: rsa2048 } }
  certificates:
    a: { subject: "C=US, O=AliceTech Inc., OU=Network Security, CN=AliceTech VPN", key: rsa2048, issuer: charles }
    b: { subject: "C=US, O=BobDesign Ltd., OU=Network Security, CN=BobDesign VPN", key: rsa2048, issuer: charles }
`;

/** What the first end says of the connection when packets have gone there and back, and what was on the wire. */
async function negotiated(text: string, command: string) {
  const { topology, diagnostics } = loadTopology('t.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const scene = await openSim(topology);
  const { stdout } = await scene.run('alice', command);
  const [first] = await scene.lab.ike();
  const lines = scene.packets.map(decodeLine);
  await scene.lab.down();
  return { stdout, sas: first?.status.sas ?? [], lines };
}

describe('IKEv1 as files of other systems say it', () => {
  test.each([
    ['ike/config with a preshared key', guideTopology(GUIDE_PSK_CONFIG, GUIDE_PRESHARED)],
    ['ike/config with certificates of Charles', guideTopology(GUIDE_RSA_CONFIG, null, PKI)],
  ])('%s: the tunnel of ipsecinit.conf', async (_, text) => {
    const { stdout, sas, lines } = await negotiated(text, 'ping -c 3 -I 10.0.0.1 10.0.1.1');
    expect(stdout).toContain('3 packets transmitted, 3 received');
    expect(sas).toMatchObject([{ version: 1, connection: 'v4_bob0' }]);
    expect(sas[0]?.children.map(({ mode, suite }) => `${mode} ${suite}`)).toContain('tunnel aes256-sha512-modp1536');
    expect(lines.filter(line => line.includes('ESP')).length).toBeGreaterThanOrEqual(6);
  });

  test.each([
    ['a preshared key', racoonTopology('pre_shared_key', 'long enough for anybody')],
    ['certificates', racoonTopology('rsasig', null)],
  ])('racoon.conf with %s: transport mode as setkey.conf asks for it', async (_, text) => {
    const { stdout, sas, lines } = await negotiated(text, 'ping -c 5 192.168.33.12');
    expect(stdout).toContain('5 packets transmitted, 5 received');
    expect(sas.map(({ version }) => version)).toContain(1);
    expect(new Set(sas.flatMap(({ children }) => children.map(({ mode }) => mode)))).toEqual(new Set(['transport']));
    expect(lines.some(line => line.includes('ESP'))).toBe(true);
  });
});
