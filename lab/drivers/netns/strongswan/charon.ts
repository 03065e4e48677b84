import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { IkeConfig } from '../../../../engine/ike/config.ts';
import type { IkeCommand } from '../../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../../engine/ike/status.ts';
import { writeSwanctl } from '../../../../engine/config/swanctl-write.ts';
import type { PeerAnswer, PeerDaemon, PeerOrder } from '../peers/peer-daemon.ts';
import { asNobody, PeerProcess, type ProgramResult } from '../peers/peer-process.ts';
import { charonConf, swanctlClientConf } from './charon-conf.ts';
import { charonEnvironment, charonFolder } from './charon-place.ts';
import { charonSettings } from './charon-settings.ts';
import { ikeSasOf } from './list-sas.ts';
import { swanctlArguments } from './swanctl-arguments.ts';

export const CHARON = '/usr/lib/ipsec/charon';

const READY_MS = 15_000;

/**
 * strongSwan's daemon on one node of a live lab, with ESP of its own (kernel-libipsec): IKE and ESP both go through the
 * namespace's kernel.
 */
export class Charon implements PeerDaemon {
  readonly #node: string;
  readonly #process: PeerProcess;
  readonly #files: Readonly<Record<string, string>>;

  constructor({ node, netns, runId, config, settings, onDeath, onMissing }: PeerOrder) {
    this.#node = node;
    const folder = charonFolder(node);
    this.#process = new PeerProcess({
      name: `charon of ${node}`,
      netns,
      runId,
      folder,
      script: asNobody(['charon.conf'], CHARON),
      environment: { STRONGSWAN_CONF: '/run/charon.conf' },
      onDeath,
    });
    const { files, missing } = writeSwanctl(config);
    for (const what of missing) onMissing(what);
    this.#files = {
      'charon.conf': charonConf(ownSettings(config, settings)),
      'client.conf': swanctlClientConf(join(folder, 'charon.vici')),
      ...Object.fromEntries(files.map(({ path, text }) => [`swanctl/${path}`, text])),
    };
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  get environment(): Record<string, string> {
    return charonEnvironment(this.#node);
  }

  async start(): Promise<void> {
    this.#process.launch(this.#files);
    const until = performance.now() + READY_MS;
    for (;;) {
      const loaded = await this.#swanctl(['--load-all', '--noprompt']);
      if (loaded.status === 0) return;
      if (!this.alive) throw new Error(`charon of ${this.#node} ended: ${this.#process.lastWords}`);
      // Status 22 and others of connecting: it does not listen yet. What it refuses it says at once.
      if (/loading .* failed|failed to load/.test(loaded.stdout + loaded.stderr) || performance.now() > until) {
        throw new Error(`charon of ${this.#node} refuses its configuration: ${refusalIn(loaded)}`);
      }
      await wait(10);
    }
  }

  async status(): Promise<IkeStatus> {
    const { stdout } = await this.#swanctl(['--list-sas', '--raw']);
    const sas = ikeSasOf(stdout);
    return { sas, halfOpen: sas.filter(({ state }) => state === 'connecting').length, cookies: false, counters: {} };
  }

  async command(command: IkeCommand): Promise<PeerAnswer> {
    const argv = swanctlArguments(command);
    if (argv === null) return { kind: 'unknown' };
    const { status, stdout, stderr } = await this.#swanctl(argv);
    if (status === 0) return { kind: 'done', said: linesOf(stdout) };
    const why = linesOf(stderr).at(-1) ?? linesOf(stdout).at(-1) ?? `status ${status}`;
    return { kind: 'refused', why: `swanctl ${argv.join(' ')}: ${why}` };
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  #swanctl(argv: readonly string[]): Promise<ProgramResult> {
    return this.#process.run('swanctl', argv, this.environment);
  }
}

const ownSettings = (config: IkeConfig, more: string): string => [charonSettings(config), more].join('\n').trim();

const linesOf = (text: string): string[] =>
  text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('plugin '));

function refusalIn({ stdout, stderr, status }: ProgramResult): string {
  // Folders that are not there are no news, nor are plugins that swanctl itself does without.
  const lines = `${stdout}\n${stderr}`.split('\n').filter(line => /^(?!plugin |opening directory ).*fail/.test(line));
  return lines.join('; ') || `status ${status}`;
}
