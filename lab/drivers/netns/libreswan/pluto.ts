import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { IkeCommand } from '../../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../../engine/ike/status.ts';
import { packageFile } from '../../../../engine/host/program.ts';
import { type LibreswanConn, writeLibreswan } from '../../../../engine/config/libreswan-write.ts';
import type { PeerAnswer, PeerDaemon, PeerOrder } from '../peers/peer-daemon.ts';
import { PeerProcess, type ProgramResult, WITH_ITS_RIGHTS } from '../peers/peer-process.ts';
import { nssSetup } from './nss-script.ts';
import { libreswanRoot, PLUTO } from './place.ts';
import { whackArguments } from './whack-arguments.ts';
import { ikeStatusOf } from './whack-status.ts';

const READY_MS = 15_000;
const ARGUMENTS = [
  '--nofork',
  '--config /run/ipsec.conf',
  '--secretsfile /run/ipsec.secrets',
  '--nssdir /run/nss',
  '--rundir /run/pluto',
  '--ipsecdir /run/ipsec.d',
  '--dumpdir /run/pluto',
  '--logfile /run/pluto.log',
  '--no-dnssec',
  '--log-no-audit',
].join(' ');

/**
 * libreswan's daemon on one node of a live lab. It has no ESP but the kernel's: where that has none, what it negotiates stands and
 * carries nothing (xfrm-stand-in.c). Its programs are where Debian puts them, by an overlay over its own /usr where they are not
 * installed.
 */
export class Pluto implements PeerDaemon {
  readonly environment = {};
  readonly #node: string;
  readonly #process: PeerProcess;
  readonly #files: Readonly<Record<string, string>>;
  readonly #conns: readonly LibreswanConn[];
  readonly #ends: { readonly local: string; readonly remote: string };

  /** Throws where its files cannot say what the configuration does. */
  constructor({ node, netns, runId, config, settings, onDeath, onMissing }: PeerOrder) {
    const { conf, secrets, conns, missing, impossible } = writeLibreswan(config, settings);
    if (impossible.length > 0) throw new Error(`pluto of ${node}: ${impossible.join('; ')}`);
    for (const what of missing) onMissing(what);
    const nss = nssSetup(config.credentials);
    this.#node = node;
    this.#conns = conns;
    const [first] = config.connections;
    this.#ends = { local: first?.local[0] ?? '', remote: first?.remote[0] ?? '' };
    this.#files = {
      'ipsec.conf': conf,
      'ipsec.secrets': secrets,
      'make-nss': nss.script,
      'ipsec.d/policies/.empty': '',
      'pluto/.empty': '',
      ...nss.files,
    };
    this.#process = new PeerProcess({
      name: `pluto of ${node}`,
      netns,
      runId,
      folder: folderOf(node),
      script: `${overlay(libreswanRoot() ?? '/')}sh /run/make-nss >&2 && exec ${standIn()}${WITH_ITS_RIGHTS} /${PLUTO} ${ARGUMENTS}`,
      environment: {},
      onDeath,
    });
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  async start(): Promise<void> {
    this.#process.launch(this.#files);
    const until = performance.now() + READY_MS;
    while ((await this.#whack(['--briefstatus'])).status !== 0) {
      if (!this.alive) throw new Error(`pluto of ${this.#node} ended: ${this.#process.lastWords}`);
      if (performance.now() > until) throw new Error(`pluto of ${this.#node} does not listen`);
      await wait(10);
    }
    const names = this.#conns.map(({ name }) => name);
    const where = ['--config', '/run/ipsec.conf', '--ctlsocket', '/run/pluto/pluto.ctl'];
    const loaded = await this.#process.runInside('/usr/libexec/ipsec/addconn', [...where, ...names]);
    const status = (await this.#whack(['--status'])).stdout;
    const absent = names.filter(name => !status.includes(`"${name}":`));
    if (absent.length > 0) throw new Error(`pluto of ${this.#node} refuses ${absent.join(', ')}: ${wordsOf(loaded)}`);
    await this.#whack(['--listen']);
    for (const { name, start } of this.#conns) {
      if (start === 'start') await this.#whack(['--name', name, '--initiate', '--asynchronous']);
      if (start === 'trap') await this.#whack(['--name', name, '--route']);
    }
  }

  async status(): Promise<IkeStatus> {
    const { stdout: states } = await this.#whack(['--showstates']);
    return ikeStatusOf({ states, log: logTail(plutoLog(this.#node)), conns: this.#conns, ends: this.#ends });
  }

  async command(command: IkeCommand): Promise<PeerAnswer> {
    const calls = whackArguments(command, this.#conns);
    if (calls === null) return { kind: 'unknown' };
    const said: string[] = [];
    for (const argv of calls) {
      const result = await this.#whack(argv);
      if (result.status !== 0) return { kind: 'refused', why: `whack ${argv.join(' ')}: ${wordsOf(result)}` };
      said.push(...linesOf(result.stdout));
    }
    return { kind: 'done', said };
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  #whack(argv: readonly string[]): Promise<ProgramResult> {
    return this.#process.runInside('/usr/libexec/ipsec/whack', ['--rundir', '/run/pluto', ...argv]);
  }
}

const LOG_OCTETS = 1 << 20;

/** A flood writes more of it than anybody reads. */
function logTail(path: string): string {
  if (!existsSync(path)) return '';
  const octets = readFileSync(path);
  return octets.subarray(-LOG_OCTETS).toString();
}

/** Where the daemon of a node writes of its work. */
export const plutoLog = (node: string): string => join(folderOf(node), 'pluto.log');

/** Where the keys of its Child SAs are, a line of JSON each: `spi`, `encryptionKey`, `integrityKey`. Secret. */
export const plutoKeys = (node: string): string => join(folderOf(node), 'sas.jsonl');

const folderOf = (node: string): string => `/run/libreswan/${node}`;

/** What was unpacked in a folder goes over /usr, for this daemon alone. */
function overlay(root: string): string {
  if (root === '/') return '';
  const lower = join(root, 'usr').replace(/[\\:,]/g, '\\$&');
  return `mount -t overlay libreswan -o 'lowerdir=${lower.replaceAll("'", `'\\''`)}:/usr' /usr && `;
}

/**
 * A kernel without ESP would have every Child SA refused: what is preloaded lets the negotiation come to its end, and keeps the SAs'
 * keys for who wants to compare them (`plutoKeys`). Its path has to do as a word of a shell, and of LD_PRELOAD.
 */
function standIn(): string {
  const path = packageFile('build/Release/xfrm_stand_in.node');
  if (!existsSync(path) || !/^[\w/.+@-]+$/.test(path)) return '';
  return `env LD_PRELOAD=${path} XFRM_STAND_IN_LOG=/run/sas.jsonl `;
}

const linesOf = (text: string): string[] => text.split('\n').filter(line => line.trim() !== '');

/** Its last line: what it came to. */
const wordsOf = ({ stdout, stderr, status }: ProgramResult): string =>
  linesOf(stderr).at(-1) ?? linesOf(stdout).at(-1) ?? `status ${status}`;
