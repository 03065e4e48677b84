import { execFileSync, spawnSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { benchedSuites, measureEsp } from '../lab/bench/raw/esp-rate.ts';
import { aliceConfig, measureGateway } from './gateway-rate.ts';
import { measureKeyExchanges, measureSignatures } from './ike-crypto-rate.ts';
import { measureHandshakes, measureIkeMemory } from './ike-rate.ts';

/**
 * The figures of README.md, in one run: `npm run bench`, or some of its parts: `npm run bench -- esp keys`. Nothing is
 * asserted here; a figure is a median with its range, and a machine that was busy says so.
 */
const ROOT = join(import.meta.dirname, '..', '..');
const LAB = join(ROOT, 'bin', 'lab.js');
const RUNS = 7;
const GATEWAY_SECONDS = 3;
const ESP_SECONDS = 0.1;
const KEY_ROUNDS = 51;
const HANDSHAKE_ROUNDS = 101;
const IKE_SAS = 1000;

const PARTS: Readonly<Record<string, () => void>> = {
  start,
  gateway,
  esp,
  keys,
  ike,
  hub,
};

function main(asked: readonly string[]): void {
  const unknown = asked.find(part => !(part in PARTS));
  if (unknown !== undefined) {
    print(`npm run bench [-- PART…]: no part ${unknown}; there are ${Object.keys(PARTS).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  print(
    `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  );
  printLoad('before');
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    print('');
    part();
  }
  printLoad('after');
}

function start(): void {
  print('milliseconds, median (minimum to maximum) of whole processes');
  row('lab --help', timed(RUNS, ['--help']));
  row('lab up site-to-site, sim, to checks passed', timedLab(RUNS, 'sim'));
  if (canRunNetns()) row('lab up site-to-site, netns, to checks passed', timedLab(RUNS, 'netns'));
  else print('lab up site-to-site, netns: this machine cannot (see lab doctor)');
}

function gateway(): void {
  print('frames/s through one gateway, in one process (what the simulator pays); UDP payload 64 and 1372 octets');
  const rates = [null, 'aes128gcm16', 'aes256gcm16', 'chacha20poly1305'].flatMap(suite =>
    [64, 1372].map(octets => measureGateway(suite ?? 'clear', aliceConfig(suite), octets, GATEWAY_SECONDS)),
  );
  for (const { name, frameOctets, framesPerSecond } of rates) {
    const gigabits = (framesPerSecond * frameOctets * 8) / 1e9;
    print(
      `  ${name.padEnd(20)}${String(frameOctets).padStart(6)} octets ${kilo(framesPerSecond).padStart(9)} k/s ${gigabits.toFixed(2).padStart(7)} Gbit/s`,
    );
  }
}

function esp(): void {
  print('ESP, 1000 packets/s of the kernel alone, one process; payloads of 64 and 1400 octets');
  print(
    `  ${''.padEnd(24)}${['seal 64', 'open 64', 'seal 1400', 'open 1400'].map(title => title.padStart(11)).join('')}`,
  );
  for (const suite of benchedSuites()) {
    const rates = [64, 1400].map(octets => measureEsp(suite, octets, ESP_SECONDS));
    const cells = rates.flatMap(({ sealedPerSecond, openedPerSecond }) => [sealedPerSecond, openedPerSecond]);
    print(`  ${suite.padEnd(24)}${cells.map(cell => kilo(cell).padStart(11)).join('')}`);
  }
}

function keys(): void {
  print(
    `milliseconds of one key exchange: initiator's value, responder's whole, initiator's end (median of ${KEY_ROUNDS})`,
  );
  for (const { token, beginMs, respondMs, finishMs } of measureKeyExchanges(KEY_ROUNDS)) {
    const cells = [beginMs, respondMs, finishMs].map(ms => ms.toFixed(2).padStart(9));
    print(`  ${token.padEnd(40)}${cells.join('')}`);
  }
  print(`milliseconds of one signature: signing, verifying (median of ${KEY_ROUNDS})`);
  for (const { key, scheme, signMs, verifyMs } of measureSignatures(KEY_ROUNDS)) {
    const cells = [signMs, verifyMs].map(ms => ms.toFixed(2).padStart(9));
    print(`  ${`${key}, ${scheme}`.padEnd(40)}${cells.join('')}`);
  }
}

function ike(): void {
  print(
    'handshakes of IKEv2 with one child, both ends in one process: 1/s, milliseconds (median), datagrams, octets of UDP',
  );
  for (const { what, handshakesPerSecond, ms, datagrams, octets } of measureHandshakes(HANDSHAKE_ROUNDS)) {
    const cells = [handshakesPerSecond.toFixed(0), ms.toFixed(2), datagrams, octets];
    print(`  ${what.padEnd(36)}${cells.map(cell => String(cell).padStart(9)).join('')}`);
  }
  print(`octets of heap for each of ${IKE_SAS} IKE SAs of a responder, each with one child`);
  print(`  ${'x25519, psk'.padEnd(36)}${measureIkeMemory(IKE_SAS).toFixed(0).padStart(9)}`);
}

function hub(): void {
  print(inProcess('hub-rate.js'));
}

/** A part in a process of its own. */
const inProcess = (file: string): string =>
  execFileSync(process.execPath, [join(import.meta.dirname, file)], { encoding: 'utf8' }).trimEnd();

function printLoad(when: string): void {
  const loads = loadavg().map(load => load.toFixed(2));
  print(`load ${when}: ${loads.join(' ')}`);
}

/** Wall milliseconds of `lab` with these arguments, after one run that is not counted. */
function timed(runs: number, args: readonly string[]): number[] {
  lab(args);
  return Array.from({ length: runs }, () => lab(args));
}

function timedLab(runs: number, driver: string): number[] {
  const name = `bench-${process.pid}`;
  const once = (): number => {
    const taken = lab(['up', 'site-to-site', '--driver', driver, '--name', name]);
    lab(['down', name]);
    return taken;
  };
  once();
  return Array.from({ length: runs }, once);
}

function lab(args: readonly string[]): number {
  const started = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, [LAB, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`lab ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return Number(process.hrtime.bigint() - started) / 1e6;
}

function canRunNetns(): boolean {
  const doctor = spawnSync(process.execPath, [LAB, 'doctor', '--json'], { encoding: 'utf8' });
  const { drivers } = JSON.parse(doctor.stdout) as { drivers: { netns: boolean } };
  return drivers.netns;
}

function row(name: string, samples: readonly number[]): void {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (index: number): string => (sorted[index] ?? Number.NaN).toFixed(0);
  print(
    `  ${name.padEnd(48)}${at(Math.floor(sorted.length / 2)).padStart(6)}  (${at(0)} to ${at(sorted.length - 1)}, ${sorted.length} runs)`,
  );
}

const kilo = (perSecond: number): string => (perSecond / 1000).toFixed(perSecond < 1e6 ? 1 : 0);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

main(process.argv.slice(2));
