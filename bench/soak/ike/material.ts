import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import { notifyPayload } from '../../../engine/ike/v2/notify.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { NotifyType } from '../../../engine/wire/ike/registry.ts';
import { ADDRESSES, type Peer } from './ground.ts';
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
  const talks = [talk('alice', ADDRESSES.alice), talk('erin', ADDRESSES.erin), talk('dave', ADDRESSES.dave)];
  const stages = [...talks, ...scenes().map(({ snapshot }) => snapshot)];
  const messages = stages.flatMap(({ said }) => said.map(withoutToken));
  const payloads = messages.flatMap(message => message.payloads);
  return {
    datagrams: stages.flatMap(({ arrived }) => arrived.map(one => ('octets' in one ? one.octets : one))),
    messages,
    payloads: [...payloads, ...RARE],
  };
}

/** What would end an IKE SA by RFC 6290 is between its two ends: nobody else knows it. */
function withoutToken(message: IkeMessage): IkeMessage {
  const payloads = message.payloads.map((payload): Payload => {
    const isToken = payload.type === 'N' && payload.notifyType === NotifyType.QUICK_CRASH_DETECTION;
    return isToken ? { ...payload, data: new Uint8Array(payload.data.length).fill(7) } : payload;
  });
  return { ...message, payloads };
}

/** Everything that two can have to say to each other. */
function talk(peer: Peer, address: string): Stage {
  const stage = new Stage(`talk of ${peer}`);
  stage.call(peer);
  for (const { id } of stage.bob.fetches) stage.command(stage.bob, { kind: 'fetched', id, content: null });
  const commands: readonly IkeCommand[] = [
    { kind: 'rekey', child: peer },
    { kind: 'rekey', ike: 'bob' },
    { kind: 'terminate', child: peer },
    { kind: 'initiate', child: peer },
    { kind: 'addresses', addresses: [address, '203.0.113.7', '2001:db8::7'] },
    { kind: 'addresses', addresses: [address] },
    { kind: 'reauthenticate', ike: 'bob' },
  ];
  for (const command of commands) {
    stage.command(stage.peers[peer], command);
    stage.run(2000);
  }
  stage.command(stage.bob, { kind: 'rekey', ike: peer });
  stage.run(2000);
  stage.command(stage.bob, { kind: 'redirect', ike: peer, to: '192.0.2.99' });
  stage.run(40_000);
  stage.command(stage.peers[peer], { kind: 'terminate', ike: 'bob' });
  stage.run(2000);
  return stage;
}

/** What this engine never says, and others may. */
const RARE: readonly Payload[] = [
  { type: 'EAP', data: Uint8Array.of(3, 1, 0, 4) },
  { type: 'PS', data: new Uint8Array(16).fill(1) },
  { type: 'V', data: Buffer.from('a vendor') },
  { type: 'D', protocolId: 1, spis: [] },
  { type: 'D', protocolId: 3, spis: [1, 2, 3] },
  { type: 'CERT', encoding: 12, data: Buffer.concat([new Uint8Array(20), Buffer.from('http://charles.lab/dave')]) },
  { type: 'CERT', encoding: 7, data: Uint8Array.of(0x30, 0) },
  { type: 'CERT', encoding: 14, data: Uint8Array.of(0x30, 3, 10, 1, 0) },
  { type: 'CP', cfgType: 3, attributes: [{ type: 1, value: Uint8Array.of(10, 0, 1, 7) }] },
  ...Object.values(NotifyType).map(type => notifyPayload(type)),
  notifyPayload(NotifyType.SET_WINDOW_SIZE, Uint8Array.of(0xff, 0xff, 0xff, 0xff)),
  notifyPayload(NotifyType.SET_WINDOW_SIZE, Uint8Array.of(0, 0, 0, 5)),
  notifyPayload(NotifyType.AUTH_LIFETIME, Uint8Array.of(0, 0, 0, 0)),
  notifyPayload(NotifyType.TICKET_LT_OPAQUE, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1)),
];
