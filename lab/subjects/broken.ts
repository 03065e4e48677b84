import type { IpsecKernel } from '../../engine/ipsec/kernel.ts';
import { composeKernel, rfc4303Steps } from '../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../engine/node/create.ts';
import { BROKEN_AH } from './broken-ah.ts';
import { BROKEN_CONFIG } from './broken-config.ts';
import { BROKEN_ESP } from './broken-esp.ts';
import { BROKEN_FRAMES } from './broken-frames.ts';
import { BROKEN_IKE } from './broken-ike.ts';
import { BROKEN_IKE_EXTENSIONS } from './broken-ike-extensions.ts';
import { BROKEN_IKE_FRAGMENTS } from './broken-ike-fragments.ts';
import { BROKEN_IKEV1 } from './broken-ikev1.ts';
import { BROKEN_UDP } from './broken-udp.ts';
import { auditsNothing, ignoresSpi, lendsOuterDscp } from './broken-node.ts';
import {
  doubleWindow,
  eagerHighHalf,
  forgetfulWindow,
  halfWindow,
  hastyWindow,
  noWindow,
  staleWindow,
  strictOrder,
  zeroHighHalf,
} from './broken-window.ts';
import { replaySubject } from './build.ts';
import type { Subject } from './subject.ts';

/**
 * Subjects that break one rule each, on purpose: a clause that does not catch its own is no judgement. Each is the engine with
 * one step of its kernel, one line of its configuration or some of its frames replaced; the engine itself knows none of them.
 */
export const BROKEN: readonly Subject[] = [
  ...BROKEN_ESP,
  ...BROKEN_AH,
  ...BROKEN_CONFIG,
  ...BROKEN_FRAMES,
  ...BROKEN_UDP,
  ...BROKEN_IKE,
  ...BROKEN_IKE_FRAGMENTS,
  ...BROKEN_IKE_EXTENSIONS,
  ...BROKEN_IKEV1,
  replaySubject('ignores-replays', 'accepts every sequence number', noWindow),
  replaySubject('demands-order', 'accepts only numbers higher than the last', strictOrder),
  replaySubject('moves-window-early', 'moves the window before it has verified the ICV', hastyWindow),
  replaySubject('window-half', 'has a window half as wide as it should be', halfWindow),
  replaySubject('window-double', 'accepts what is up to a window’s width to the left of the window', doubleWindow),
  replaySubject('forgets-on-move', 'forgets which numbers it has seen when the window moves', forgetfulWindow),
  replaySubject('keeps-bits-on-jump', 'keeps the bits of the old window when the new one is far from it', staleWindow),
  replaySubject('esn-high-zero', 'takes the upper half of extended sequence numbers for 0', zeroHighHalf),
  replaySubject('esn-high-eager', 'takes late packets for ones of the next 2^32', eagerHighHalf),
  {
    name: 'drops-large',
    fault: 'loses packets of more than 1000 octets',
    make: (config, context) =>
      createNode(config, {
        ...context,
        kernel: dropsLarge(composeKernel('drops-large', rfc4303Steps(context.random))),
      }),
  },
  { name: 'ignores-spi', fault: 'takes a packet of an unknown SPI for one of an SA that it has', make: ignoresSpi },
  {
    name: 'outer-dscp-inward',
    fault: 'gives what comes out of a tunnel the DSCP of the outer header',
    make: lendsOuterDscp,
  },
  { name: 'audits-nothing', fault: 'counts and reports nothing', make: auditsNothing },
];

function dropsLarge(kernel: IpsecKernel): IpsecKernel {
  return {
    ...kernel,
    seal: jobs =>
      kernel
        .seal(jobs)
        .map((result, index) => ((jobs[index]?.payload.length ?? 0) > 1000 ? { kind: 'sequenceExhausted' } : result)),
  };
}
