import { internetChecksum } from '../../engine/wire/checksum.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { createNode } from '../../engine/node/create.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import type { Effects, Frame, Node, NodeContext } from '../../engine/node/node.ts';
import { composeKernel, rfc4303Steps } from '../../engine/ipsec/typescript-kernel.ts';
import { decryptUnverified } from './unverified.ts';

const IP_AT = 14;
const TOS_AT = IP_AT + 1;
const CHECKSUM_AT = IP_AT + 10;

/** The engine, but outer headers leave with DSCP and ECN 0. */
export function clearsDscp(config: NodeConfig, context: NodeContext): Node {
  return altered(createNode(config, context), frames => frames, clearDscp);
}

const clearDscp = (effects: Effects): Effects => ({ ...effects, frames: effects.frames.map(withoutDscp) });

/** The engine, but every ESP packet is taken for one of its first inbound SA, and let in without a look at the ICV. */
export function ignoresSpi(config: NodeConfig, context: NodeContext): Node {
  const spi = config.sas.find(sa => sa.direction === 'inbound')?.spi ?? 0;
  const kernel = composeKernel('ignores-spi', { ...rfc4303Steps(context.random), unprotect: decryptUnverified });
  return altered(
    createNode(config, { ...context, kernel }),
    frames => frames.map(frame => withSpi(frame, spi)),
    effects => effects,
  );
}

function altered(
  node: Node,
  inbound: (frames: readonly Frame[]) => readonly Frame[],
  outbound: (effects: Effects) => Effects,
): Node {
  return {
    name: node.name,
    receive: (frames, now) => outbound(node.receive(inbound(frames), now)),
    send: (packets, now) => outbound(node.send(packets, now)),
    wake: now => outbound(node.wake(now)),
    wakeAt: () => node.wakeAt(),
    command: (command, now) => outbound(node.command(command, now)),
    status: () => node.status(),
    explain: flow => node.explain(flow),
    sourceFor: destination => node.sourceFor(destination),
  };
}

const isEsp = (octets: Uint8Array): boolean =>
  octets[12] === 0x08 && octets[13] === 0x00 && octets[IP_AT + 9] === IpProtocol.ESP;

function withoutDscp(frame: Frame): Frame {
  if (!isEsp(frame.octets)) return frame;
  const octets = frame.octets.slice();
  octets[TOS_AT] = 0;
  octets.fill(0, CHECKSUM_AT, CHECKSUM_AT + 2);
  const checksum = internetChecksum(octets.subarray(IP_AT, IP_AT + headerOctets(octets)));
  octets.set([checksum >> 8, checksum & 0xff], CHECKSUM_AT);
  return { ...frame, octets };
}

function withSpi(frame: Frame, spi: number): Frame {
  if (!isEsp(frame.octets)) return frame;
  const octets = frame.octets.slice();
  new DataView(octets.buffer).setUint32(IP_AT + headerOctets(octets), spi);
  return { ...frame, octets };
}

const headerOctets = (frame: Uint8Array): number => ((frame[IP_AT] ?? 0) & 0x0f) * 4;
