import { createNode } from '../../engine/node/create.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import type { Random } from '../../engine/crypto/random.ts';
import type { IpsecKernel } from '../../engine/ipsec/kernel.ts';
import { composeKernel, type EspSteps, rfc4303Steps } from '../../engine/ipsec/typescript-kernel.ts';
import { appendTrailer } from '../../engine/ipsec/esp-trailer.ts';
import { protectPacket, unprotectPacket } from '../../engine/ipsec/esp-packet.ts';
import { rfc4302Steps } from '../../engine/ipsec/ah-kernel.ts';
import {
  doubleWindow,
  eagerHighHalf,
  forgetfulWindow,
  halfWindow,
  hastyWindow,
  noWindow,
  type ReplaySteps,
  staleWindow,
  strictOrder,
  zeroHighHalf,
} from './broken-window.ts';
import type { Subject } from './subject.ts';
import { clearsDscp, ignoresSpi } from './broken-node.ts';
import { decryptUnverified } from './unverified.ts';

/**
 * Subjects that break one rule each, on purpose: a clause that does not catch its own is no judgement. Each is the engine with
 * one step of its kernel, one line of its configuration or one of its frames replaced; the engine itself knows none of them.
 */
export const BROKEN: readonly Subject[] = [
  kernelSubject('skips-encryption', 'sends the payload as it is, behind a well-formed ESP header', () => ({
    protect: (sa, sequence, iv, plaintext) => {
      const esp = protectPacket(sa, sequence, iv, plaintext);
      esp.set(plaintext, 8 + iv.length);
      return esp;
    },
  })),
  kernelSubject('reuses-iv', 'uses one IV for all packets of an SA', () => ({
    iv: sa => new Uint8Array(sa.suite.encryption.ivOctets).fill(1),
  })),
  kernelSubject('wrong-icv', 'ends each packet with a wrong ICV', () => ({
    protect: (sa, sequence, iv, plaintext) => {
      const esp = protectPacket(sa, sequence, iv, plaintext);
      esp[esp.length - 1] = (esp.at(-1) ?? 0) ^ 0x80;
      return esp;
    },
  })),
  kernelSubject('random-padding', 'pads with anything', () => ({
    appendTrailer: (payload, nextHeader, blockOctets) => {
      const plaintext = appendTrailer(payload, nextHeader, blockOctets);
      return plaintext.fill(0xaa, payload.length, plaintext.length - 2);
    },
  })),
  kernelSubject('zero-spi', 'sends SPI 0', () => ({
    protect: (sa, sequence, iv, plaintext) => protectPacket({ ...sa, spi: 0 }, sequence, iv, plaintext),
  })),
  kernelSubject('stuck-sequence', 'sends sequence number 1 for ever', () => ({ takeSequence: () => 1n })),
  kernelSubject('wrong-next-header', 'says IPv6 for IPv4 and the reverse', () => ({
    appendTrailer: (payload, nextHeader, blockOctets) => appendTrailer(payload, nextHeader === 4 ? 41 : 4, blockOctets),
  })),
  kernelSubject('rewrites-inner', 'sets the inner TTL to 64', () => ({
    appendTrailer: (payload, nextHeader, blockOctets) => {
      const plaintext = appendTrailer(payload, nextHeader, blockOctets);
      plaintext[8] = 64;
      return plaintext;
    },
  })),
  replaySubject('ignores-replays', 'accepts every sequence number', noWindow),
  replaySubject('demands-order', 'accepts only numbers higher than the last', strictOrder),
  replaySubject('moves-window-early', 'moves the window before it has verified the ICV', hastyWindow),
  replaySubject('window-half', 'has a window half as wide as it should be', halfWindow),
  replaySubject('window-double', 'accepts what is up to a window’s width to the left of the window', doubleWindow),
  replaySubject('forgets-on-move', 'forgets which numbers it has seen when the window moves', forgetfulWindow),
  replaySubject('keeps-bits-on-jump', 'keeps the bits of the old window when the new one is far from it', staleWindow),
  replaySubject('esn-high-zero', 'takes the upper half of extended sequence numbers for 0', zeroHighHalf),
  replaySubject('esn-high-eager', 'takes late packets for ones of the next 2^32', eagerHighHalf),
  kernelSubject('skips-icv-check', 'decrypts without verifying', () => ({ unprotect: decryptUnverified })),
  kernelSubject('ignores-padding', 'believes any padding', () => ({
    unprotect: (sa, sequence, esp) => {
      const plaintext = unprotectPacket(sa, sequence, esp);
      return plaintext === null ? null : withLegalPadding(plaintext);
    },
  })),
  {
    name: 'drops-large',
    fault: 'loses packets of more than 1000 octets',
    make: (config, context) =>
      createNode(config, {
        ...context,
        kernel: dropsLarge(composeKernel('drops-large', rfc4303Steps(context.random))),
      }),
  },
  configSubject('accepts-clear', 'has no policy: sends and accepts in the clear', config => ({
    ...config,
    policies: [],
    sas: [],
  })),
  configSubject('ignores-selectors', 'lets anything come out of an SA', config => ({
    ...config,
    policies: config.policies.map(policy => ({ ...policy, local: 'any', remote: 'any' })),
  })),
  configSubject('one-sa-both-ways', 'sends under the SPI on which it receives', config => {
    const inbound = config.sas.find(sa => sa.direction === 'inbound');
    return {
      ...config,
      sas: config.sas.map(sa => (sa.direction === 'outbound' && inbound ? { ...sa, spi: inbound.spi } : sa)),
    };
  }),
  { name: 'clears-dscp', fault: 'sends outer headers with a TOS octet of 0', make: clearsDscp },
  { name: 'ignores-spi', fault: 'takes a packet of an unknown SPI for one of an SA that it has', make: ignoresSpi },
];

function kernelSubject(name: string, fault: string, change: (random: Random) => Partial<EspSteps>): Subject {
  return {
    name,
    fault,
    make: (config, context) => {
      const steps = { ...rfc4303Steps(context.random), ...change(context.random) };
      return createNode(config, { ...context, kernel: composeKernel(name, steps) });
    },
  };
}

/** Of ESP and AH both. */
function replaySubject(name: string, fault: string, steps: () => ReplaySteps): Subject {
  return {
    name,
    fault,
    make: (config, context) => {
      const esp = { ...rfc4303Steps(context.random), ...steps() };
      return createNode(config, { ...context, kernel: composeKernel(name, esp, { ...rfc4302Steps(), ...steps() }) });
    },
  };
}

function configSubject(name: string, fault: string, change: (config: NodeConfig) => NodeConfig): Subject {
  return { name, fault, make: (config, context) => createNode(change(config), context) };
}

function dropsLarge(kernel: IpsecKernel): IpsecKernel {
  return {
    ...kernel,
    seal: jobs =>
      kernel
        .seal(jobs)
        .map((result, index) => ((jobs[index]?.payload.length ?? 0) > 1000 ? { kind: 'sequenceExhausted' } : result)),
  };
}

/** The plaintext of someone who does not look: impossible lengths become 0, wrong pad octets right ones. */
function withLegalPadding(plaintext: Uint8Array): Uint8Array {
  const claimed = plaintext.at(-2) ?? 0;
  const octets = claimed > plaintext.length - 2 ? 0 : claimed;
  plaintext[plaintext.length - 2] = octets;
  for (let index = 0; index < octets; index++) plaintext[plaintext.length - 2 - octets + index] = index + 1;
  return plaintext;
}
