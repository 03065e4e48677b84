import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { createNode } from '../../engine/node/create.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import type { Frame, Node, NodeContext } from '../../engine/node/node.ts';
import { composeKernel, rfc4303Steps } from '../../engine/ipsec/typescript-kernel.ts';
import { filtered, wrapped } from './build.ts';
import { ipOf, isProtected, setTrafficClass, trafficClass, withIp } from './frame.ts';
import { decryptUnverified } from './unverified.ts';

/** The engine, but every ESP packet is taken for one of its first inbound SA, and let in without a look at the ICV. */
export function ignoresSpi(config: NodeConfig, context: NodeContext): Node {
  const spi = config.sas.find(sa => sa.direction === 'inbound')?.spi ?? 0;
  const kernel = composeKernel('ignores-spi', { ...rfc4303Steps(context.random), unprotect: decryptUnverified });
  return filtered(createNode(config, { ...context, kernel }), { incoming: frame => withSpi(frame, spi) });
}

/** The engine, but it counts and reports nothing. */
export function auditsNothing(config: NodeConfig, context: NodeContext): Node {
  const node = createNode(config, context);
  const quiet = wrapped(node, { frames: frames => frames, effects: effects => ({ ...effects, events: [] }) });
  return { ...quiet, status: () => ({ ...node.status(), drops: {} }) };
}

/** The engine, but what comes out of a tunnel gets the DSCP of the outer header. */
export function lendsOuterDscp(config: NodeConfig, context: NodeContext): Node {
  let outer: number | null = null;
  return filtered(createNode(config, context), {
    incoming: frame => {
      const ip = ipOf(frame);
      if (ip !== null && isProtected(ip)) outer = trafficClass(ip.octets);
      return frame;
    },
    outgoing: frame => {
      const ip = ipOf(frame);
      if (ip === null || isProtected(ip) || outer === null) return frame;
      const dscp = outer & 0xfc;
      return withIp(frame, octets => setTrafficClass(octets, dscp | (trafficClass(octets) & 3)));
    },
  });
}

function withSpi(frame: Frame, spi: number): Frame {
  const ip = ipOf(frame);
  if (ip === null || ip.protocol !== IpProtocol.ESP || !isProtected(ip)) return frame;
  return withIp(frame, octets => new DataView(octets.buffer, octets.byteOffset).setUint32(ip.headerOctets, spi));
}
