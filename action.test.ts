import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { nativeAddon } from './engine/native/addon.ts';
import { PROFILES } from './lab/bench/profiles/profiles.ts';
import { podCommand } from './lab/drivers/netns/pod.ts';

const ROOT = import.meta.dirname;
vi.setConfig({ testTimeout: 300_000 });
const FOLDER = mkdtempSync(join(tmpdir(), 'ipsec-lab-action-'));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | number>>;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}
interface GitlabJob {
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly artifacts: { readonly paths: readonly string[]; readonly reports: { readonly junit: string } };
}

const read = (file: string): unknown => parse(readFileSync(join(ROOT, file), 'utf8'));
const action = read('action.yml') as Action;

const TEXT = { type: 'string', minLength: 1 };
const named = (value: object) => ({
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  patternProperties: { '^[a-z][a-z-]*$': value },
});
const strict = (properties: object, required: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
/** What GitHub says of composite actions, as far as ours goes: names at most 125 octets in the list of actions, every step with its shell. */
const SCHEMA = strict(
  {
    name: TEXT,
    description: { ...TEXT, maxLength: 125 },
    branding: strict({ icon: TEXT, color: TEXT }, ['icon', 'color']),
    inputs: named(strict({ description: TEXT, default: { type: 'string' } }, ['description', 'default'])),
    outputs: named(strict({ description: TEXT, value: TEXT }, ['description', 'value'])),
    runs: strict(
      {
        using: { const: 'composite' },
        steps: {
          type: 'array',
          items: {
            oneOf: [
              strict({ name: TEXT, id: TEXT, if: TEXT, env: { type: 'object' }, shell: { const: 'bash' }, run: TEXT }, [
                'name',
                'shell',
                'run',
              ]),
              strict(
                {
                  name: TEXT,
                  if: TEXT,
                  uses: { type: 'string', pattern: '^[\\w-]+/[\\w-]+@v\\d+$' },
                  with: { type: 'object' },
                },
                ['uses'],
              ),
            ],
          },
        },
      },
      ['using', 'steps'],
    ),
  },
  ['name', 'description', 'inputs', 'outputs', 'runs'],
);

test('action.yml has the structure of a composite action, and no input becomes shell text', () => {
  const ajv = new Ajv();
  expect(ajv.validate(SCHEMA, action), ajv.errorsText()).toBe(true);
  const text = readFileSync(join(ROOT, 'action.yml'), 'utf8');
  const used = new Set([...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name = '']) => name));
  expect([...used].toSorted()).toEqual(Object.keys(action.inputs).toSorted());
  const ids = new Set(action.runs.steps.flatMap(({ id }) => id ?? []));
  for (const [, id = ''] of text.matchAll(/steps\.(\w+)\./g)) expect(ids).toContain(id);
  for (const { run } of action.runs.steps) expect(run ?? '').not.toContain('${{');
  expect(PROFILES.map(({ name }) => name)).toContain(action.inputs['bench']?.default);
});

/** Programs that would change this machine, or take long: what they are asked is written down. */
const STAND_INS: Readonly<Record<string, string>> = {
  sudo: 'exec "$@"',
  'apt-get': '',
  npm: '',
  'dpkg-query': 'exit 1',
  sysctl: 'echo 0',
  git: `for last; do :; done; rmdir "$last" && ln -s '${ROOT}' "$last"`,
};

interface Machine {
  readonly env: NodeJS.ProcessEnv;
  readonly workspace: string;
  asked(): string;
  fileOf(name: string): string;
}

/** A runner's machine, as far as the steps see one. */
function machine(): Machine {
  const folder = mkdtempSync(join(FOLDER, 'machine-'));
  const [programs, workspace] = [join(folder, 'bin'), join(folder, 'workspace')];
  for (const made of [programs, workspace]) mkdirSync(made);
  const log = join(folder, 'asked');
  writeFileSync(log, '');
  for (const [name, then] of Object.entries(STAND_INS))
    writeFileSync(join(programs, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\n${then}\n`, { mode: 0o755 });
  const files = { GITHUB_OUTPUT: 'output', GITHUB_STEP_SUMMARY: 'summary' };
  for (const name of Object.values(files)) writeFileSync(join(folder, name), '');
  return {
    env: {
      ...process.env,
      PATH: `${programs}:${process.env['PATH']}`,
      GITHUB_ACTION_PATH: ROOT,
      ...Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(folder, file)])),
    },
    workspace,
    asked: () => readFileSync(log, 'utf8'),
    fileOf: name => readFileSync(join(folder, name), 'utf8'),
  };
}

interface Ran {
  readonly machine: Machine;
  readonly outputs: Readonly<Record<string, string>>;
  /** Exit status by the name of a step; of those whose condition did not hold, none. */
  readonly statuses: Readonly<Record<string, number | null>>;
  readonly said: string;
}

/** Runs the shell text of the steps as GitHub's runner does: each in a bash of its own, with what it has written for later ones. */
function runAction(given: Texts, leftOut: readonly string[] = []): Ran {
  const at = machine();
  const inputs = {
    ...Object.fromEntries(Object.entries(action.inputs).map(([name, it]) => [name, it.default])),
    ...given,
  };
  const outputs = (): Record<string, string> =>
    Object.fromEntries(
      at
        .fileOf('output')
        .split('\n')
        .filter(Boolean)
        .map(line => line.split(/=(.*)/s).slice(0, 2)),
    );
  const statuses: Record<string, number | null> = {};
  let said = '';
  for (const { name = '', if: condition = '', run, env = {} } of action.runs.steps) {
    if (run === undefined || leftOut.includes(name) || !holds(condition, inputs)) continue;
    const values = Object.entries(env).map(([key, text]) => [key, resolved(text, inputs, outputs())]);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      cwd: at.workspace,
      env: { ...at.env, ...Object.fromEntries(values) },
      encoding: 'utf8',
    });
    statuses[name] = status;
    said += `${name}: ${status}\n${stdout}${stderr}`;
  }
  return { machine: at, outputs: outputs(), statuses, said };
}

type Texts = Readonly<Record<string, string>>;

function resolved(text: string, inputs: Texts, outputs: Texts): string {
  return text.replaceAll(/\$\{\{ (?:inputs|steps\.place\.outputs)\.([\w-]+) \}\}/g, (whole, name: string) => {
    const value = whole.includes('inputs') ? inputs[name] : outputs[name];
    if (value === undefined) throw new Error(`${whole} is of nothing`);
    return value;
  });
}

/** Of a job that goes well so far. */
function holds(condition: string, inputs: Texts): boolean {
  const terms = condition.replace(/^\$\{\{ (.*) \}\}$/, '$1').split(' && ');
  return terms.every(term => {
    if (['', '!cancelled()', "steps.build.outcome == 'success'"].includes(term)) return true;
    const name = /^inputs\.([\w-]+) != ''$/.exec(term)?.[1];
    if (name === undefined) throw new Error(`a condition that nobody here can judge: ${term}`);
    return inputs[name] !== '';
  });
}

const FEW = { suites: 'encryption', 'test-options': '--only rfc4303-3.4.3-replay', bench: '' };
const JUDGE = 'Judge';
const PAGES = 'Make the pages of conformance';

test('the steps of the action judge, and leave JUnit, pages and the summary of the job; a base makes them tell what is worse', () => {
  const { machine: at, outputs, statuses, said } = runAction(FEW);
  expect(Object.values(statuses), said).toEqual(Object.keys(statuses).map(() => 0));
  const { report = '', junit = '', pages = '' } = outputs;
  expect(Object.keys(action.outputs).toSorted()).toEqual(Object.keys(outputs).toSorted());
  expect(report).toBe(join(at.workspace, 'ipsec-lab'));
  expect(readFileSync(junit, 'utf8')).toContain('<testcase');
  expect(readFileSync(join(pages, 'conformance', 'index.html'), 'utf8')).toContain('rfc4303');
  expect(at.fileOf('summary')).toContain('engine (sim)');
  expect(at.asked()).toContain('npm ci');
  expect(at.asked()).toMatch(/apt-get install .*strongswan-charon/);
  const worse = runAction({ ...FEW, dut: 'ignores-replays', 'test-base': join(report, 'test') });
  expect([worse.statuses[JUDGE], worse.statuses[PAGES]], worse.said).toEqual([0, 1]);
});

test('without a base, a clause that fails makes the job fail, and has its pages all the same', () => {
  const { statuses, said } = runAction({ ...FEW, dut: 'ignores-replays' });
  expect([statuses[JUDGE], statuses[PAGES]], said).toEqual([1, 0]);
});

const isRoot = process.getuid?.() === 0;
const live = nativeAddon().kind === 'loaded' && spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;
const SMALL = '--quick --rounds 1 --subjects nodes-6';
const MEASURED = ['index.html', 'report.json', 'report.md', 'samples.csv'];

test.skipIf(!live)(
  'the steps of the action measure, and leave the pages of it (needs npm run build, g++ make python3, and namespaces)',
  () => {
    const first = runAction({ ...FEW, bench: 'lab', 'bench-options': SMALL }, [JUDGE, PAGES]);
    expect(Object.values(first.statuses), first.said).toEqual(Object.keys(first.statuses).map(() => 0));
    const { report = '', pages = '' } = first.outputs;
    expect(readdirSync(join(pages, 'performance'))).toEqual(expect.arrayContaining(MEASURED));
    expect(existsSync(join(report, 'bench', 'bench.json'))).toBe(true);
    expect(first.machine.fileOf('summary')).toContain('Performance: lab');
  },
);

test('the job for GitLab judges in a clone of the lab, and leaves what its artifacts name', () => {
  const { 'ipsec-lab': job, pages } = read('docs/gitlab-ci.yml') as {
    'ipsec-lab': GitlabJob;
    pages: { needs: unknown };
  };
  expect(pages.needs).toEqual(['ipsec-lab']);
  const at = machine();
  const run = (variables: Texts) =>
    spawnSync(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', [...job.before_script, ...job.script].join('\n')],
      {
        cwd: at.workspace,
        env: {
          ...at.env,
          ...job.variables,
          CI_PROJECT_DIR: at.workspace,
          LAB_REPOSITORY: 'https://example.net/lab',
          ...variables,
        },
        encoding: 'utf8',
      },
    );
  const few = { LAB_SUITES: 'encryption --only rfc4303-3.4.3-replay', LAB_BENCH: live ? `lab ${SMALL}` : '' };
  const { status, stdout, stderr } = run({ ...few, LAB_DUT: 'ignores-replays' });
  expect(status, stdout + stderr).toBe(1);
  expect(at.asked()).toContain('npm ci');
  const left = (path: string) => join(at.workspace, path);
  for (const path of [...job.artifacts.paths, job.artifacts.reports.junit, 'ipsec-lab/pages/conformance/index.html'])
    expect(existsSync(left(path)), path).toBe(true);
  expect(readdirSync(left('ipsec-lab/pages'))).toEqual(live ? ['conformance', 'performance'] : ['conformance']);
});
