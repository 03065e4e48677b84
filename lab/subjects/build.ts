import type { Random } from '../../engine/crypto/random.ts';
import { type AhSteps, rfc4302Steps } from '../../engine/ipsec/ah-kernel.ts';
import { composeKernel, type EspSteps, rfc4303Steps } from '../../engine/ipsec/typescript-kernel.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import { createNode } from '../../engine/node/create.ts';
import type { Effects, Frame, Node } from '../../engine/node/node.ts';
import type { ReplaySteps } from './broken-window.ts';
import type { Subject } from './subject.ts';

/** The ways to break the engine from outside of it: one step of its kernel, one line of its configuration, some of its frames. */

export function kernelSubject(name: string, fault: string, change: (random: Random) => Partial<EspSteps>): Subject {
  return {
    name,
    fault,
    make: (config, context) => {
      const steps = { ...rfc4303Steps(context.random), ...change(context.random) };
      return createNode(config, { ...context, kernel: composeKernel(name, steps) });
    },
  };
}

export function ahSubject(name: string, fault: string, change: Partial<AhSteps>): Subject {
  return {
    name,
    fault,
    make: (config, context) => {
      const kernel = composeKernel(name, rfc4303Steps(context.random), { ...rfc4302Steps(), ...change });
      return createNode(config, { ...context, kernel });
    },
  };
}

/** Of ESP and AH both. */
export function replaySubject(name: string, fault: string, steps: () => ReplaySteps): Subject {
  return {
    name,
    fault,
    make: (config, context) => {
      const esp = { ...rfc4303Steps(context.random), ...steps() };
      return createNode(config, { ...context, kernel: composeKernel(name, esp, { ...rfc4302Steps(), ...steps() }) });
    },
  };
}

export function configSubject(name: string, fault: string, change: (config: NodeConfig) => NodeConfig): Subject {
  return { name, fault, make: (config, context) => createNode(change(config), context) };
}

/** What becomes of a frame on its way into the node or out of it; null: it is lost. */
export interface FrameFilters {
  readonly incoming?: (frame: Frame) => Frame | null;
  readonly outgoing?: (frame: Frame) => Frame | null;
}

export function frameSubject(name: string, fault: string, filters: FrameFilters): Subject {
  return { name, fault, make: (config, context) => filtered(createNode(config, context), filters) };
}

export function filtered(node: Node, { incoming, outgoing }: FrameFilters): Node {
  return wrapped(node, {
    frames: frames => (incoming === undefined ? frames : frames.map(incoming).filter(frame => frame !== null)),
    effects: effects =>
      outgoing === undefined
        ? effects
        : { ...effects, frames: effects.frames.map(outgoing).filter(frame => frame !== null) },
  });
}

/** A node with something between it and its ports. */
export function wrapped(
  node: Node,
  change: {
    readonly frames: (frames: readonly Frame[]) => readonly Frame[];
    readonly effects: (effects: Effects) => Effects;
  },
): Node {
  return {
    name: node.name,
    receive: (frames, now) => change.effects(node.receive(change.frames(frames), now)),
    send: (packets, now) => change.effects(node.send(packets, now)),
    wake: now => change.effects(node.wake(now)),
    wakeAt: () => node.wakeAt(),
    command: (command, now) => change.effects(node.command(command, now)),
    status: () => node.status(),
    explain: flow => node.explain(flow),
    sourceFor: destination => node.sourceFor(destination),
    outerSourceFor: destination => node.outerSourceFor(destination),
    outerAddresses: () => node.outerAddresses(),
    lastHeard: inbound => node.lastHeard(inbound),
    hasPolicy: name => node.hasPolicy(name),
  };
}
