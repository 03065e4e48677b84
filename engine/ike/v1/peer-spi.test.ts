import { expect, it } from 'vitest';
import { createSeeded } from '../../ipsec/testing/seeded.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { IkeConfig } from '../config.ts';
import type { IkeDaemon } from '../daemon.ts';
import { sasOf } from '../testing/node-sas.ts';
import { Network } from '../testing/network.ts';
import { createV1Daemon } from './create.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';
import { v1Pair } from './testing/connection.ts';

const SPI = Uint8Array.of(0xc0, 0xff, 0xee, 0x01);

function lying(payload: IsakmpPayload): IsakmpPayload {
  if (payload.type !== 'SA' || payload.proposals.some(({ protocolId }) => protocolId === 1)) return payload;
  return { ...payload, proposals: payload.proposals.map(proposal => ({ ...proposal, spi: SPI })) };
}

/** Whoever calls itself `liar` names the same SPI in each Quick Mode. */
class Liars extends Network {
  liar = '';

  override makeDaemon(name: string, addresses: readonly string[], config: IkeConfig): IkeDaemon {
    const outgoing: V1Steps['outgoing'] = message =>
      name === this.liar ? { ...message, payloads: message.payloads.map(lying) } : message;
    const context = {
      random: createSeeded(`daemon ${name}`),
      epochSeconds: (now: number) => 1_800_000_000 + now / 1e9,
      sourceFor: () => addresses[0] ?? null,
      lastHeard: () => null,
    };
    // The HASH is made of what leaves.
    return createV1Daemon(config, context, { ...V1_STEPS, outgoing, hashJudged: () => true });
  }
}

it.each(['alice', 'bob'])('an SPI that %s has named before is refused: nothing is installed twice', liar => {
  const network = new Liars('an SPI again');
  network.liar = liar;
  const { alice, bob } = v1Pair();
  const one = network.add('alice', ['192.0.2.1'], alice);
  const other = network.add('bob', ['192.0.2.2'], bob);
  network.run(2000);
  const honest = liar === 'alice' ? other : one;
  const outbound = () => sasOf(honest).filter(({ direction }) => direction === 'outbound');
  expect(outbound()).toHaveLength(1);
  network.command(one, { kind: 'rekey', child: 'net' });
  network.run(10_000);
  expect(outbound()).toHaveLength(1);
  expect(honest.events.map(({ detail }) => detail).join()).toContain('an SPI that the peer uses already');
});
