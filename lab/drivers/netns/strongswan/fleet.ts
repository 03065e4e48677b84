import type { IkeConfig } from '../../../../engine/ike/config.ts';
import type { IkeCommand } from '../../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../../engine/ike/status.ts';
import { writeSwanctl } from '../../../../engine/config/swanctl-write.ts';
import type { Topology, TopologyNode } from '../../../topology/model.ts';
import { kernelNamespace } from '../names.ts';
import { Charon } from './charon.ts';
import { charonSettings } from './charon-settings.ts';
import { ikeSasOf } from './list-sas.ts';
import { swanctlArguments } from './swanctl-arguments.ts';

export interface StrongswanFleetOptions {
  readonly topology: Topology;
  readonly runId: string;
  /** null: it has none, which is an error. */
  readonly ikeFor: (node: string) => IkeConfig | null;
  /** More lines for the `charon` section of strongswan.conf. */
  readonly settingsOf?: (node: string) => string;
  readonly onDeath: (node: string, lastWords: string) => void;
  /** What of a node's configuration its files cannot say. */
  readonly onMissing: (node: string, what: string) => void;
  /** What swanctl has said of a command that was carried out. */
  readonly onSaid: (node: string, lines: readonly string[]) => void;
  readonly onRefused: (node: string, why: string) => void;
}

/** The nodes of a live lab that run strongSwan: a daemon each. */
export class StrongswanFleet {
  readonly #daemons: ReadonlyMap<string, Charon>;
  readonly #told: Pick<StrongswanFleetOptions, 'onSaid' | 'onRefused'>;

  constructor(options: StrongswanFleetOptions) {
    this.#told = options;
    const nodes = options.topology.nodes.filter(({ implementation }) => implementation === 'strongswan');
    this.#daemons = new Map(nodes.map(node => [node.name, daemonOf(node, options)]));
  }

  has(name: string): boolean {
    return this.#daemons.has(name);
  }

  /** Their namespaces have addresses and routes by now. Resolves when each has read its files. */
  async start(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map(daemon => daemon.start()));
  }

  /** null: no such node, or it does not run. */
  async status(name: string): Promise<IkeStatus | null> {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined || !daemon.alive) return null;
    const { stdout } = await daemon.swanctl(['--list-sas', '--raw']);
    const sas = ikeSasOf(stdout);
    return { sas, halfOpen: sas.filter(({ state }) => state === 'connecting').length, cookies: false, counters: {} };
  }

  /** What comes of it is told. Throws where no strongSwan runs, or it knows no such command. */
  async ikeCommand(name: string, command: IkeCommand): Promise<void> {
    const argv = swanctlArguments(command);
    if (argv === null) throw new Error(`strongSwan on ${name} has no command for ${command.kind}`);
    const { status, stdout, stderr } = await this.#daemon(name).swanctl(argv);
    if (status === 0) return this.#told.onSaid(name, linesOf(stdout));
    const why = linesOf(stderr).at(-1) ?? linesOf(stdout).at(-1) ?? `status ${status}`;
    this.#told.onRefused(name, `swanctl ${argv.join(' ')}: ${why}`);
  }

  async crash(name: string): Promise<void> {
    await this.#daemon(name).kill();
  }

  async restart(name: string): Promise<void> {
    await this.#daemon(name).kill();
    await this.#daemon(name).start();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map(daemon => daemon.kill()));
  }

  #daemon(name: string): Charon {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`no strongSwan runs on ${name}`);
    return daemon;
  }
}

function daemonOf({ name }: TopologyNode, options: StrongswanFleetOptions): Charon {
  const { runId, ikeFor, settingsOf, onDeath, onMissing } = options;
  const config = ikeFor(name);
  if (config === null) throw new Error(`${name} runs strongSwan and has no ike:`);
  const { files, missing } = writeSwanctl(config);
  for (const what of missing) onMissing(name, what);
  return new Charon({
    node: name,
    netns: kernelNamespace(name),
    runId,
    files: Object.fromEntries(files.map(({ path, text }) => [path, text])),
    settings: [charonSettings(config), settingsOf?.(name) ?? ''].join('\n').trim(),
    onDeath: lastWords => onDeath(name, lastWords),
  });
}

const linesOf = (text: string): string[] =>
  text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('plugin '));
