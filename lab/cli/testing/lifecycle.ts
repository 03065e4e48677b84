import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCapture } from '../../capture/pcap-parser/read-capture.ts';
import { isAlive, type ProcessIdentity, processesOfRun, waitForEnd } from '../../state/process.ts';
import { type LabRecord, readLabFolder } from '../../state/record.ts';
import type { LabStatus } from '../../supervisor/api.ts';
import { finished, LabProgram, said } from './lab-process.ts';

/** A lab from `lab up` to `lab down`, by one driver: the same with each. Tests of its own file, since they take their time. */
export function lifecycleTests(
  driver: string,
  { isAble, needs }: { readonly isAble: boolean; readonly needs: string },
): void {
  describe.skipIf(!isAble)(`a ${driver} lab (needs ${needs})`, () => {
    let lab: LabProgram;
    const up = (...more: string[]) => lab.run(['up', 'site-to-site', '--driver', driver, ...more]);
    const folder = (name = 'site-to-site'): string => join(lab.state, name);
    const recordOf = (name = 'site-to-site'): LabRecord => {
      const { record } = readLabFolder(folder(name));
      if (record === null) throw new Error(`no record of ${name}`);
      return record;
    };
    /** No folder, and no process that carries the run. */
    const expectNothingLeft = async (...runs: string[]): Promise<void> => {
      expect(readdirSync(lab.state)).toEqual([]);
      for (const run of runs) expect(await endedBySelf(run)).toEqual([]);
    };

    describe('from up to down', () => {
      beforeEach(() => {
        lab = new LabProgram();
      });
      afterEach(() => lab.dispose());

      test('comes up with all checks passing, answers every command, and goes without a trace', async () => {
        const begun = await up('--json');
        expect(begun).toMatchObject({ status: 0, stderr: '' });
        const { ok, checks, ...status } = JSON.parse(begun.stdout) as LabStatus & { ok: boolean; checks: unknown[] };
        expect(ok).toBe(true);
        expect(checks.length).toBeGreaterThan(3);
        expect(checks[0]).toMatchObject({
          title: expect.any(String),
          outcome: 'passed',
          durationMs: expect.any(Number),
        });
        expect(status).toMatchObject({ version: 1, lab: 'site-to-site', driver, state: 'up', tripwire: [] });
        expect(status.nodes.map(node => node.name)).toEqual(['alice', 'bob', 'internet', 'a1', 'b1']);
        expect(status.links.find(link => link.name === 'wan')?.frames[0]).toBeGreaterThan(0);
        expect(status.nodes.flatMap(node => node.sas)).toHaveLength(4);

        const ping = await lab.run(['exec', 'a1', '--', 'ping', '-c', '2', '10.0.1.2']);
        expect(ping.status).toBe(0);
        expect(ping.stdout).toMatch(/2 (packets )?received/);
        const lost = await lab.run(['exec', 'a1', 'ping', '-c', '1', '-W', '1', '10.0.1.77']);
        expect(lost.status).toBe(1);
        expect((await lab.run(['exec', 'a1', '--', 'no-such-program'])).status).toBe(127);

        const wan = await lab.run(['capture', 'wan', '--count', '9']);
        expect(wan.status).toBe(0);
        const lines = wan.stdout.trimEnd().split('\n').filter(isNoAddressing);
        expect(wan.stdout.trimEnd().split('\n')).toHaveLength(9);
        expect(lines[0]).toContain('IKE_SA_INIT request');
        for (const line of lines.slice(4)) expect(line).toContain('ESP');
        expect((await lab.run(['capture', 'wan', '--count', '12', '--decrypt'])).stdout).toMatch(
          /inside: 10\.0\.0\.2 > 10\.0\.1\.2/,
        );

        const explained = JSON.parse((await lab.run(['explain', 'alice', 'a1', 'b1', '--json'])).stdout) as object;
        expect(explained).toMatchObject({
          verdict: 'protect',
          spi: expect.any(Number),
          frameOctets: expect.any(Number),
        });
        const again = await lab.run(['check']);
        expect(again.status).toBe(0);
        expect(again.stdout).toMatch(/✓ tripwire/);

        const { runId } = recordOf();
        expect(await lab.run(['down'])).toEqual({ status: 0, stdout: 'site-to-site removed\n', stderr: '' });
        await expectNothingLeft(runId);
        expect((await lab.run(['down', 'site-to-site'])).status).toBe(0);
      });

      test('a name is given once; two labs run side by side; without --lab the choice is listed', async () => {
        await up('--no-checks');
        const taken = await up('--no-checks');
        expect(taken.status).toBe(2);
        expect(taken.stderr).toMatch(/exists already\n {2}fix: lab down site-to-site, or .*--name/);
        expect((await up('--name', 'second')).status).toBe(0);
        const unclear = await lab.run(['exec', 'a1', 'ping', '-c', '1', '10.0.1.2']);
        expect(unclear.status).toBe(2);
        expect(unclear.stderr).toMatch(/several labs run: second, site-to-site\n {2}fix: say which: --lab second/);
        for (const name of ['second', 'site-to-site']) {
          expect((await lab.run(['exec', '--lab', name, 'a1', 'ping', '-c', '1', '10.0.1.2'])).status).toBe(0);
        }
        const listed = JSON.parse((await lab.run(['status', '--json'])).stdout) as { labs: unknown[] };
        expect(listed.labs).toMatchObject([
          { lab: 'second', state: 'up', driver },
          { lab: 'site-to-site', state: 'up', driver },
        ]);
        const runs = [recordOf('second').runId, recordOf().runId];
        expect((await lab.run(['down', 'second'])).stdout).toBe('second removed\n');
        expect((await lab.run(['status', '--json'])).stdout).toMatch(/"lab":"site-to-site"/);
        await lab.run(['down', '--all']);
        await expectNothingLeft(...runs);
      });

      test('kill -9 of the supervisor: the rest of the lab goes too, status says so, down leaves nothing', async () => {
        await up('--no-checks');
        const record = recordOf();
        process.kill(supervisorOf(record).pid, 'SIGKILL');
        await waitForEnd(supervisorOf(record), 10_000);
        expect(await endedBySelf(record.runId)).toEqual([]);
        expect((await lab.run(['status'])).stdout).toMatch(/site-to-site +killed/);
        expect((await lab.run(['exec', 'a1', 'ls'])).stderr).toMatch(/was killed.*\n {2}fix: lab down/);
        expect((await lab.run(['down', '--all'])).status).toBe(0);
        await expectNothingLeft(record.runId);
      });

      test('what a killed lab left is no obstacle to the next one of its name', async () => {
        await up('--no-checks');
        const record = recordOf();
        process.kill(supervisorOf(record).pid, 'SIGKILL');
        await waitForEnd(supervisorOf(record), 10_000);
        expect((await up('--no-checks')).status).toBe(0);
        expect(recordOf().runId).not.toBe(record.runId);
      });

      test.each([0, 100, 250, 500])('Ctrl-C %i ms into lab up leaves nothing', async delayMs => {
        const coming = lab.start(['up', 'site-to-site', '--driver', driver]);
        const result = finished(coming);
        const handler = delayMs === 0 ? Promise.resolve() : new Promise(resolve => setTimeout(resolve, delayMs));
        await handler;
        coming.kill('SIGINT');
        const { status } = await result;
        if (status === 0) return; // it was done before: the lab is there, as it should
        expect([130, null]).toContain(status);
        await expectNothingLeft();
      });

      test('kill -9 of lab up: its lab dies with it', async () => {
        const coming = lab.start(
          ['up', 'site-to-site', '--driver', driver, '--seed', '1'].slice(0, driver === 'sim' ? 6 : 4),
        );
        await said(coming.stdout, 'checks');
        const { runId } = recordOf();
        coming.kill('SIGKILL');
        expect(await endedBySelf(runId)).toEqual([]);
        await lab.run(['down', '--all']);
        await expectNothingLeft(runId);
      });

      test('no key and no secret in what is printed or kept', async () => {
        const keys = join(lab.state, 'site-to-site', 'keys');
        const begun = await up('--json', '--key-log', keys);
        const table = readFileSync(join(keys, 'esp_sa'), 'utf8');
        const secrets = [...table.matchAll(/"0x([0-9a-f]{32,})"/g)].map(match => match[1] ?? '');
        expect(secrets).toHaveLength(2);
        const printed = [
          begun.stdout,
          (await lab.run(['status'])).stdout,
          (await lab.run(['explain', 'alice', 'a1', 'b1', '--json'])).stdout,
          (await lab.run(['capture', 'wan', '--decrypt', '--json', '--count', '3'])).stdout,
          readFileSync(join(folder(), 'lab.json'), 'utf8'),
          readFileSync(join(folder(), 'supervisor.log'), 'utf8'),
        ].join('\n');
        for (const secret of [...secrets, 'correct horse']) expect(printed).not.toContain(secret);
      });

      test('a supervisor that is asked by a signal to end removes its lab', async () => {
        await up('--no-checks');
        const { runId, pod, supervisor } = recordOf();
        process.kill((pod ?? supervisor)?.pid ?? 0, 'SIGTERM');
        expect(await endedBySelf(runId)).toEqual([]);
        expect(existsSync(folder())).toBe(false);
      });
    });

    describe('while it runs', () => {
      beforeAll(async () => {
        lab = new LabProgram();
        await up('--no-checks');
      });
      afterAll(() => lab.dispose());

      test('its captures are pcapng, from before the first packet, in a file or a pipe', async () => {
        await lab.run(['exec', 'a1', 'ping', '-c', '1', '10.0.1.2']);
        const file = join(lab.state, 'site-to-site', 'all.pcapng');
        const written = await lab.run(['capture', '-w', file, '--seconds', '0']);
        expect(written.stderr).toMatch(/^\d+ packets written\n$/);
        const { packets, interfaces, problems } = readCapture(readFileSync(file));
        expect(problems).toEqual([]);
        expect(packets.length).toBeGreaterThan(3);
        expect(new Set(interfaces.map(({ name }) => name)).size).toBeGreaterThan(1);
        const piped = await lab.run(['capture', 'lan-a', '-w', '-', '--count', '2']);
        expect(piped.status).toBe(0);
        const json = await lab.run(['capture', 'lan-a', '--json', '--count', '1']);
        expect(JSON.parse(json.stdout)).toMatchObject({
          link: 'lan-a',
          at: expect.stringMatching(/^\d+$/),
          octets: expect.any(String),
        });
      });

      test('a live capture follows, and Ctrl-C ends it well', async () => {
        const capture = lab.start(['capture', 'wan', '--live']);
        const result = finished(capture);
        const ping = lab.start(['exec', 'a1', 'ping', '-i', '0.2', '10.0.1.2']);
        const pinged = finished(ping);
        await said(capture.stdout, 'ESP');
        ping.kill('SIGINT');
        expect((await pinged).stdout).toMatch(/ping statistics/);
        capture.kill('SIGINT');
        expect((await result).status).toBe(0);
      });

      test('a command ends while somebody still feeds it', async () => {
        const child = lab.start(['exec', 'alice', '--', 'setkey', '-c']);
        child.stdin?.on('error', () => undefined); // it ends without reading all
        const spaces = Buffer.alloc(1 << 16, ' ');
        const feed = (): void => {
          while (child.stdin?.writable === true && child.stdin.write(spaces));
          if (child.exitCode === null) child.stdin?.once('drain', feed);
        };
        feed();
        expect(await finished(child)).toMatchObject({ status: 1, stderr: 'setkey: stdin: File too large\n' });
      });

      test('exec --json keeps what a command printed', async () => {
        const result = await lab.run(['exec', 'a1', '--json', '--', 'ping', '-c', '1', '10.0.0.1']);
        expect(JSON.parse(result.stdout)).toMatchObject({
          node: 'a1',
          exitStatus: 0,
          stdout: expect.stringContaining('10.0.0.1'),
        });
      });
    });
  });
}

/** Neighbours and routers tell of themselves beside all that a test is about. */
const isNoAddressing = (line: string): boolean => !/ARP|ICMPv6/i.test(line);

/** Processes that were told to end may take a moment to. */
async function endedBySelf(run: string): Promise<ProcessIdentity[]> {
  const found = processesOfRun(run);
  await Promise.all(found.map(process => waitForEnd(process, 10_000)));
  return found.filter(isAlive);
}

function supervisorOf(record: LabRecord): ProcessIdentity {
  if (record.supervisor === null) throw new Error('no supervisor');
  return record.supervisor;
}
