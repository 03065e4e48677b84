import type { Random } from '../../../engine/crypto/random.ts';
import { seededRandom } from '../../../engine/crypto/testing/random.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { NodeConfig } from '../../../engine/node/config.ts';
import type { Node } from '../../../engine/node/node.ts';
import { boot, createSystem, rebooted } from '../boot.ts';
import { planCommand } from '../commands.ts';
import { parseShellLine, type ShellCommand } from '../shell-line.ts';
import type { ProgramResult, System, SystemEffect, SystemStep } from '../system.ts';

export const EPOCH = 1_795_350_600;

/** A node with its system, and nobody around it: what is typed on it, and what it says. */
export class TypedNode {
  readonly config: NodeConfig;
  system: System;
  node: Node;
  ike: IkeConfig | null = null;
  ikeStatus: IkeStatus | null = null;
  ikeCommands: unknown[] = [];
  /** What its host's programs come to: `ping`. */
  program: ProgramResult = { stdout: '', stderr: '', exitStatus: 1 };
  programs: (readonly string[])[] = [];
  now = 0;
  readonly #random: Random;

  /** `files`: what a topology has given it, by absolute path. */
  constructor(config: NodeConfig, files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.config = config;
    this.#random = seededRandom(`system ${config.name}`);
    this.node = this.#fresh();
    this.system = createSystem({ node: config, negotiates: false, files, unixSeconds: EPOCH });
  }

  /** Both outputs together, as on a terminal; a status other than 0 stands behind them in brackets. */
  type(line: string, stdin = ''): string {
    const parsed = parseShellLine(line);
    if (parsed.kind !== 'line') return parsed.kind === 'wrong' ? parsed.why : parsed.kind;
    return parsed.pipelines.map(({ commands }) => commands.map(each => this.#run(each, stdin)).join('')).join('');
  }

  restart(): string {
    this.system = rebooted(this.system);
    this.node = this.#fresh();
    this.ike = null;
    return textOf(this.#step(boot));
  }

  #run({ argv, input }: ShellCommand, stdin: string): string {
    const plan = planCommand(argv, this.system, { hasPrograms: false });
    if (plan === null) return `${argv[0]}: command not found\n[127]`;
    const text = input?.kind === 'text' ? input.value : stdin;
    switch (plan.kind) {
      case 'step':
        return textOf(this.#step(plan.step));
      case 'reads':
        return textOf(this.#step(plan.stepFor(Buffer.from(text))));
      case 'program': {
        this.programs.push(plan.argv);
        return textOf(plan.show(this.program));
      }
      case 'captures':
        return textOf(this.#step(plan.before));
    }
  }

  #step(step: SystemStep): SystemEffect {
    this.now += 1_000_000;
    const view = {
      status: this.node.status(),
      ike: this.ikeStatus,
      unixSeconds: EPOCH + this.now / 1e9,
      random: this.#random,
    };
    const effect = step(this.system, view);
    this.system = effect.system;
    for (const action of effect.actions) {
      if (action.kind === 'node') this.node.command(action.command, this.now);
      else if (action.kind === 'ike') this.ike = action.config;
      else if (action.kind === 'ikeCommand') this.ikeCommands.push(action.command);
      else this.restart();
    }
    if (effect.next === undefined) return effect;
    const next = this.#step(effect.next);
    return { ...next, stdout: effect.stdout + next.stdout, stderr: effect.stderr + next.stderr };
  }

  #fresh(): Node {
    return createNode(this.config, {
      random: seededRandom('node'),
      kernel: createTypescriptKernel(seededRandom('kernel')),
    });
  }
}

const textOf = ({ stdout, stderr, exitStatus }: ProgramResult): string =>
  `${stdout}${stderr}${exitStatus === 0 ? '' : `[${exitStatus}]`}`;

/** Alice of the guide, before its first command. */
export const ALICE: NodeConfig = {
  name: 'alice',
  forwarding: true,
  interfaces: [
    {
      name: 'net0',
      mac: '02:00:00:00:00:01',
      mtu: 1500,
      addresses: ['1.2.3.4/24'],
      autoconfigure: false,
      advertise: false,
    },
    {
      name: 'net1',
      mac: '02:00:00:00:00:02',
      mtu: 1500,
      addresses: ['10.0.0.1/24', '2001:470:24:c66::1/64'],
      autoconfigure: false,
      advertise: true,
    },
  ],
  tunnels: [],
  routes: [{ destination: '0.0.0.0/0', via: '1.2.3.1', interface: 'net0' }],
  policies: [],
  sas: [],
};
