import { describe, expect, test } from 'vitest';
import { dissect, findLayer } from '../../../engine/wire/dissect.ts';
import { loadTopology } from '../../topology/load.ts';
import { FORMED, TUNNEL_SLAAC } from '../../topology/testing/tunnel-slaac.ts';
import { openSim } from './testing/sim-scene.ts';

describe('a gateway that autoconfigures its tunnel', () => {
  test('forms an address from what comes by ESP, and both ends reach it', async () => {
    const { topology } = loadTopology('tunnel-slaac.yaml', TUNNEL_SLAAC);
    if (topology === null) throw new Error('does not load');
    const { lab, run, packets, events } = await openSim(topology);
    await lab.sleep(1000);
    const formed = events.filter(({ kind }) => kind === 'addressConfigured');
    expect(formed.map(({ node, detail }) => `${node}: ${detail}`)).toEqual([`alice: ${FORMED}/64 on v4_bob0`]);
    expect(await run('bob', `ping -c 3 -i 0.1 ${FORMED}`)).toMatchObject({ status: 0, stderr: '' });
    expect(await run('alice', 'ping -c 3 -i 0.1 2001:db8:77::1')).toMatchObject({ status: 0, stderr: '' });
    const dissected = packets.map(({ octets }) => dissect(octets));
    expect(dissected.filter(each => findLayer(each, 'esp') !== null).length).toBeGreaterThan(12);
    const clear = dissected.flatMap(each => findLayer(each, 'icmpv6') ?? []);
    // RFC 4861 §4.1, §4.2: neither solicitations nor advertisements; RFC 4443 §4: no echo.
    expect(clear.filter(({ type }) => [133, 134, 128, 129].includes(type))).toEqual([]);
    await lab.down();
  });
});
