import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { IsakmpNotify } from '../../../engine/wire/isakmp/registry.ts';
import { VendorId } from '../../../engine/wire/isakmp/vendor-id.ts';
import type { Peer } from '../ike/ground.ts';
import type { Material } from './hostile-messages.ts';
import { scenes } from './scenes.ts';
import { Stage } from './stage.ts';

let gathered: Material | null = null;

/** All that was said in any scene, and in long talks: what hostile messages are made from. */
export function material(): Material {
  gathered ??= gather();
  return gathered;
}

function gather(): Material {
  const talks = [talk('alice'), talk('erin'), talk('dave')];
  const stages = [...talks, ...scenes().map(({ snapshot }) => snapshot)];
  const messages = stages.flatMap(({ said }) => said);
  const payloads = messages.flatMap(message => message.payloads);
  return {
    datagrams: stages.flatMap(({ arrived }) => arrived.map(one => ('octets' in one ? one.octets : one))),
    messages,
    payloads: [...payloads, ...RARE],
  };
}

/** Everything that two can have to say to each other. */
function talk(peer: Peer): Stage {
  const stage = new Stage(`talk of ${peer}`);
  stage.call(peer);
  const commands: readonly IkeCommand[] = [
    { kind: 'rekey', child: peer },
    { kind: 'rekey', ike: 'bob' },
    { kind: 'terminate', child: peer },
    { kind: 'initiate', child: peer },
    { kind: 'reauthenticate', ike: 'bob' },
  ];
  for (const command of commands) {
    stage.command(stage.peers[peer], command);
    stage.run(2000);
  }
  stage.command(stage.bob, { kind: 'rekey', child: peer });
  stage.run(2000);
  stage.command(stage.bob, { kind: 'rekey', ike: peer });
  stage.run(70_000);
  stage.command(stage.peers[peer], { kind: 'terminate', ike: 'bob' });
  stage.run(2000);
  return stage;
}

const DOI = 1;
const NOTHING = new Uint8Array(0);

/** What this engine never says, and others may. */
const RARE: readonly IsakmpPayload[] = [
  { type: 'VID', data: Buffer.from('a vendor') },
  ...Object.values(VendorId).map((data): IsakmpPayload => ({ type: 'VID', data })),
  { type: 'D', doi: DOI, protocolId: 1, spis: [new Uint8Array(16)] },
  { type: 'D', doi: DOI, protocolId: 3, spis: [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)] },
  { type: 'D', doi: 0, protocolId: 3, spis: [] },
  { type: 'CERT', encoding: 4, data: Uint8Array.of(0x30, 0) },
  { type: 'CERT', encoding: 1, data: Uint8Array.of(0x30, 3, 10, 1, 0) },
  { type: 'CR', encoding: 4, data: NOTHING },
  { type: 'NATOA', idType: 1, data: Uint8Array.of(10, 0, 0, 1) },
  { type: 'NATOA', idType: 5, data: new Uint8Array(16), isDraft: true },
  { type: 'NATD', data: new Uint8Array(32), isDraft: true },
  { type: 'FRAG', fragmentId: 1, number: 1, isLast: true, data: new Uint8Array(40) },
  { type: 'ATTR', cfgType: 1, identifier: 7, attributes: [{ type: 1, value: NOTHING }] },
  { type: 'ATTR', cfgType: 3, identifier: 7, attributes: [{ type: 1, value: Uint8Array.of(10, 0, 1, 7) }] },
  { type: 'ATTR', cfgType: 3, identifier: 7, attributes: [{ type: 16527, value: 1 }] },
  ...Object.values(IsakmpNotify).map(
    (notifyType): IsakmpPayload => ({ type: 'N', doi: DOI, protocolId: 1, spi: NOTHING, notifyType, data: NOTHING }),
  ),
];
