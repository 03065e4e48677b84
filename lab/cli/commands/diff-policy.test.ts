import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { shippedTopologies } from '../../topology/shipped.ts';
import { main } from '../main.ts';
import { createTerminal, type Standard, type Terminal } from '../terminal.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lab-diff-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function recorder() {
  const [data, notes] = [[] as string[], [] as string[]];
  const silent: Standard = { isTTY: false, stream: () => process.stdout };
  const terminal: Terminal = {
    ...createTerminal(silent, silent, {}),
    data: line => void data.push(line),
    note: line => void notes.push(line),
  };
  return { terminal, data, notes };
}

async function diff(...args: string[]) {
  const { terminal, data, notes } = recorder();
  return { status: await main(['diff-policy', ...args], terminal), data, notes };
}

/** A shipped topology in a file of its own, with some of its text changed. */
function changed(name: string, file: string, ...replacements: readonly (readonly [string, string])[]): string {
  const shipped = shippedTopologies().find(topology => topology.name === name);
  if (shipped === undefined) throw new Error(name);
  let text = readFileSync(shipped.file, 'utf8');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const path = join(scratch, file);
  writeFileSync(path, text);
  return path;
}

const ALICE = '      - { tunnel: v4_bob0, protect';
const HTTPS = '{ tunnel: v4_bob0, local: 10.0.0.0/24, remote: 10.0.1.0/24, proto: tcp, remote-port: 443';

const NAMES = shippedTopologies().map(({ name }) => name);

test.each(NAMES.filter(name => !['clear', 'smartos-guide'].includes(name)))('%s is itself', async name => {
  const { status, data, notes } = await diff(name, name);
  expect({ status, notes }).toEqual({ status: 0, notes: [] });
  expect(data).toEqual([expect.stringMatching(/^nothing changes: /)]);
});

describe('what changes', () => {
  test('one line for a service that is let out of the tunnel', async () => {
    const file = changed('site-to-site-manual', 'https.yaml', [ALICE, `      - ${HTTPS}, bypass: true }\n${ALICE}`]);
    expect(await diff('site-to-site-manual', file)).toEqual({
      status: 1,
      notes: [],
      data: ['alice, v4_bob0', '  10.0.0.0/24 <-> 10.0.1.0/24 tcp 443: PROTECT esp tunnel aes256gcm16 -> BYPASS'],
    });
    expect((await diff('site-to-site-manual', file, '--node', 'bob')).status).toBe(0);
    expect(await diff('site-to-site-manual:bob', file)).toMatchObject({ status: 0, data: ['nothing changes: bob'] });
    expect((await diff(`${file}:alice`, 'site-to-site-manual')).data[1]).toMatch(
      /: BYPASS -> PROTECT esp tunnel aes256gcm16$/,
    );
  });

  test('not what is only written in another way', async () => {
    const entry = `      - ${HTTPS}, discard: true }\n`;
    const halves = ['10.0.1.0/25', '10.0.1.128/25'].map(half => entry.replace('10.0.1.0/24', half)).join('');
    const whole = changed('site-to-site-manual', 'whole.yaml', [ALICE, entry + ALICE]);
    const split = changed('site-to-site-manual', 'split.yaml', [ALICE, halves + ALICE]);
    expect((await diff(whole, split)).status).toBe(0);
  });

  test('no filter, but that one has changed is said', async () => {
    const file = changed('filter-gateway', 'mask.yaml', ['10.0.1.0/22', '10.0.1.0/24']);
    expect(await diff('filter-gateway', file)).toEqual({
      status: 0,
      notes: ['alice: the IP filter differs, and is not compared'],
      data: ['nothing changes: alice, bob'],
    });
  });

  test('the algorithm, and where the tunnel leads when that is all', async () => {
    const weaker = changed('site-to-site-manual', 'weaker.yaml', ['aes256gcm16', 'aes128gcm16']);
    expect((await diff('site-to-site-manual', weaker, '--node', 'alice')).data).toEqual([
      'alice, v4_bob0',
      '  any <-> any: PROTECT esp tunnel aes256gcm16 -> PROTECT esp tunnel aes128gcm16',
    ]);
    const moved = changed('site-to-site-manual', 'moved.yaml', ['5.6.7.8', '5.6.7.9']);
    expect((await diff('site-to-site-manual', moved, '--node', 'alice')).data).toEqual([
      'alice, v4_bob0',
      '  any <-> any: PROTECT esp tunnel aes256gcm16 to 5.6.7.8 -> PROTECT esp tunnel aes256gcm16 to 5.6.7.9',
    ]);
  });

  test('the rules that nobody writes: from no policy at all to one', async () => {
    const { status, data } = await diff('clear:alice', 'transport-pair:alice');
    expect(status).toBe(1);
    expect(data).toEqual([
      'alice',
      '  192.0.2.1 <-> 192.0.2.2: BYPASS -> PROTECT esp transport aes256-sha256',
      '  2001:db8::1 <-> 2001:db8::2: BYPASS -> PROTECT esp transport aes256-sha256',
      '  all but 192.0.2.1 <-> any: BYPASS -> DISCARD',
      '  192.0.2.1 <-> all but 192.0.2.2: BYPASS -> DISCARD',
      '  all but 2001:db8::1 <-> any: BYPASS -> DISCARD',
      '  2001:db8::1 <-> all but 2001:db8::2: BYPASS -> DISCARD',
    ]);
  });

  test('a node that only one of the two has', async () => {
    const { status, data } = await diff('transport-pair', 'transport-mesh');
    expect(status).toBe(1);
    expect(data.at(-1)).toBe('carol: only in transport-mesh, with 6 policies');
  });

  test('as JSON', async () => {
    const file = changed('site-to-site-manual', 'json.yaml', [ALICE, `      - ${HTTPS}, bypass: true }\n${ALICE}`]);
    const { status, data } = await diff('site-to-site-manual', file, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(data.join())).toEqual({
      same: false,
      nodes: [
        {
          node: 'alice',
          missingIn: null,
          filter: 'same',
          spds: [
            {
              owner: 'v4_bob0',
              changes: [
                {
                  version: 4,
                  direction: 'both',
                  local: ['10.0.0.0/24'],
                  remote: ['10.0.1.0/24'],
                  protocol: [[6, 6]],
                  localPort: 'any',
                  remotePort: [[443, 443]],
                  icmp: 'any',
                  before: 'PROTECT esp tunnel aes256gcm16 to 5.6.7.8',
                  after: 'BYPASS',
                  text: '10.0.0.0/24 <-> 10.0.1.0/24 tcp 443',
                },
              ],
            },
          ],
        },
        { node: 'bob', missingIn: null, filter: 'same', spds: [] },
      ],
    });
    expect(JSON.parse((await diff(file, file, '--json')).data.join())).toMatchObject({ same: true });
  });
});

test.each<[string[], RegExp]>([
  [['site-to-sit', 'clear'], /did you mean "site-to-site"/],
  [['site-to-site-manual', 'site-to-site-manual', '--node', 'alicee'], /has no node "alicee"[^]*did you mean "alice"/],
  [['site-to-site-manual:alicee', 'site-to-site-manual'], /has no node "alicee"/],
  [['site-to-site-manual:alice', 'site-to-site-manual', '--node', 'bob'], /name two nodes/],
  [['clear', 'clear'], /neither topology has a policy/],
  [['clear'], /missing required argument/],
])('%j is refused', async (args, message) => {
  const { status, data, notes } = await diff(...args);
  expect({ status, data }).toEqual({ status: 2, data: [] });
  expect(notes.join('\n')).toMatch(message);
});
