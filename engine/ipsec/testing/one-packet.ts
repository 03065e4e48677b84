import { IpProtocol } from '../../wire/ip-protocol.ts';
import { must } from '../../wire/testing/must.ts';
import type { AhOpenResult, IpsecKernel, OpenResult } from '../kernel.ts';
import type { AhInboundSa, AhOutboundSa, EspInboundSa, EspOutboundSa } from '../sa.ts';
import { splitInbound, splitOutbound } from '../transport-mode.ts';

/** For tests: what goes into a packet where it does not matter what. */
export const PAYLOAD: Uint8Array = new TextEncoder().encode('the quick brown fox jumps over the lazy dog');

/** ESP from the SPI to the ICV. Throws where the kernel does not seal. */
export function sealOne(kernel: IpsecKernel, sa: EspOutboundSa, payload = PAYLOAD, nextHeader = 4): Uint8Array {
  const [result] = kernel.seal([{ sa, nextHeader, payload }]);
  if (result?.kind !== 'sealed') throw new Error(result?.kind);
  return result.esp;
}

export function openOne(kernel: IpsecKernel, sa: EspInboundSa, esp: Uint8Array): OpenResult {
  return must(kernel.open([{ sa, esp }])[0]);
}

/** A whole IP packet with AH in it. Throws where the kernel does not authenticate. */
export function authenticateOne(kernel: IpsecKernel, sa: AhOutboundSa, packet: Uint8Array): Uint8Array {
  const [result] = kernel.authenticate([{ sa, split: must(splitOutbound(packet)) }]);
  if (result?.kind !== 'sealed') throw new Error(result?.kind);
  return result.packet;
}

/** Throws where the packet has no AH. */
export function verifyOne(kernel: IpsecKernel, sa: AhInboundSa, packet: Uint8Array): AhOpenResult {
  return must(kernel.verify([{ sa, split: must(splitInbound(packet, IpProtocol.AH)) }])[0]);
}
