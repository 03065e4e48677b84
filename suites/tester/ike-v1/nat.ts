import { judge } from '../judgement.ts';
import { askProof, type Exchanged, exchangeHalves, offer, proven } from './main-mode.ts';
import { natDetection } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';

/** Main Mode through a NAT, RFC 3947 §3 and §4. */

/** Where the peer believes that it is: behind a NAT that has another address. */
export const BEHIND = '192.168.1.8';
/** What the NAT makes of its port 4500. */
export const MAPPED = 61_234;

/** NAT-D as one says it who has another address, or whose peer has. */
export const displaced = (peer: TesterV1Peer, which: 'own' | 'other'): V1Alteration => ({
  message: message => {
    const at = which === 'own' ? 1 : 0;
    const all = message.payloads.filter(({ type }) => type === 'NATD');
    const wrong = natDetection(peer.sa.suite.hash, peer.sa, BEHIND, 500);
    return { ...message, payloads: message.payloads.map(it => (it === all[at] ? wrong : it)) };
  },
});

/** The peer calls from behind a NAT, and goes on on port 4500; gives what has come before message 5. */
export async function throughNat(peer: TesterV1Peer): Promise<Exchanged> {
  peer.natPort = 61_000;
  const exchanged = await exchangeHalves(peer, await offer(peer), displaced(peer, 'own'));
  peer.float();
  peer.natPort = MAPPED;
  return exchanged;
}

/** The same to the end of phase 1; gives alice's message 6. */
export async function callThroughNat(peer: TesterV1Peer): Promise<HeardV1> {
  const exchanged = await throughNat(peer);
  const response = await askProof(peer, exchanged);
  judge(response !== null, 'alice does not answer message 5 on port 4500');
  peer.bench.cite(response, 'on port 4500', 'Ports');
  return proven(peer, exchanged.offer, response).proof;
}
