import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completeLine } from './shell/complete-line.ts';
import { isBuilt, LabProgram } from './testing/lab-process.ts';

const PYTHON = '/usr/bin/python3';
const ANSWERS: Readonly<Record<string, string>> = {
  'dladm show-iptun -p -o link': 'v4_bob0\nv4_carol0\n',
  'ls -l /etc/inet': 'total 2\ndrwxr-xr-x   1 root     root           2 Nov 22 12:30 ike\n',
};
const complete = async (line: string) =>
  (await completeLine(line, argv => Promise.resolve(ANSWERS[argv.join(' ')] ?? ''), ['exit']))[0];

test('completes commands, what they take, and what the node has', async () => {
  expect(await complete('dla')).toEqual(['dladm ']);
  expect(await complete('ex')).toEqual(['exit ']);
  expect(await complete('dladm cre')).toEqual(['create-iptun ']);
  expect(await complete('dladm create-iptun -T ')).toEqual(['ipv4', 'ipv6']);
  expect(await complete('dladm delete-iptun v4_b')).toEqual(['v4_bob0 ']);
  expect(await complete('svcs -a; svcadm restart ipsec/p')).toEqual(['ipsec/policy ']);
  expect(await complete('cat /etc/inet/ik')).toEqual(['/etc/inet/ike/', '/etc/inet/ike/config']);
  expect(await complete('ikecert certdb -l > /etc/ipf/ipf6')).toEqual(['/etc/ipf/ipf6.conf ']);
  expect(await complete('route -p add ')).not.toContain('-p');
  expect(await complete('nothing ')).toEqual([]);
});

describe.skipIf(!isBuilt)('lab shell (needs dist: npm run build)', () => {
  const lab = new LabProgram();
  const shell = (input: string) => lab.run(['shell', 'alice'], { input });

  beforeAll(() => lab.run(['up', 'smartos-guide', '--driver', 'sim', '--no-checks']), 60_000);
  afterAll(() => lab.dispose());

  test('runs lines of a file as a guide has them', async () => {
    const { status, stdout, stderr } = await shell(`
# A comment.
alice # tee /etc/inet/ipsecinit.conf > /dev/null <<END
{tunnel v4_bob0 negotiate tunnel}
    ipsec {encr_algs aes encr_auth_algs sha512 sa shared}
END
# svcadm restart ipsec/policy
alice # dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 v4_bob0
# dladm show-iptun -p -o link,flags
alice # ikecert certlocal -ks -m 2048 -t rsa-sha256 \\  
-D "C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN" | tee /root/alice.cert > /dev/null
ikecert certdb -r 0 && ikecert certdb -a < /root/alice.cert && ikecert certdb -l | cat
`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^v4_bob0:s-\nCertificate Slot Name: 0 /);
    expect(stdout).toContain('Subject Name: <C=US, O=AliceTech Inc., OU=Network Security, CN=AliceTech VPN>');
  });

  test('hands a certificate on to ikecert, and goes on behind it', async () => {
    const printed = (await lab.run(['shell', 'alice', '-c', 'ikecert certdb -e 0'])).stdout;
    const { status, stdout } = await lab.run(['shell', 'bob'], {
      input: `ikecert certdb -a\n${printed}ikecert certdb -l\n`,
    });
    expect(status).toBe(0);
    expect(stdout).toContain('CN=AliceTech VPN');
  });

  test('&&, || and the exit status', async () => {
    expect(await shell('false && echo a\nfalse || echo b; true && echo c\nexit 7\necho d\n')).toMatchObject({
      status: 7,
      stdout: 'b\nc\n',
    });
    expect(await shell('ipadm show-adr\n')).toMatchObject({ status: 1 });
    expect(await shell('echo | | x\n')).toMatchObject({ status: 2, stdout: '' });
  });

  test('one line as JSON', async () => {
    const { stdout } = await lab.run(['shell', 'alice', '--json', '-c', 'cat /nothing; echo here']);
    expect(JSON.parse(stdout)).toEqual({
      node: 'alice',
      command: 'cat /nothing; echo here',
      exitStatus: 0,
      stdout: 'here\n',
      stderr: 'cat: /nothing: No such file or directory\n',
    });
    expect(await lab.run(['shell', 'alice', '--json'])).toMatchObject({ status: 2 });
  });

  test.skipIf(!existsSync(PYTHON))(
    'a terminal has a prompt, history and an editor (needs python3: apt install python3)',
    () => {
      const typed = [
        'dladm sh',
        '\t',
        'ip',
        '\t',
        '\n',
        'tee /root/x > /dev/null\n',
        'a secret\n',
        '\x04',
        'vi /root/x\n',
        'cat /root/x\n',
        'history\n',
        'exit\n',
      ];
      const script = `
import json, os, pty, select, sys, time
typed = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], [sys.argv[2], sys.argv[3], 'shell', 'alice'])
seen = b''
def read(seconds):
    global seen
    end = time.time() + seconds
    while time.time() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try: octets = os.read(fd, 65536)
            except OSError: return
            if octets == b'': return
            seen += octets
            end = time.time() + 0.4
read(10)
for text in typed:
    os.write(fd, text.encode())
    read(3)
sys.stdout.write(seen.decode(errors='replace'))
`;
      const program = new URL('../../bin/lab.js', import.meta.url).pathname;
      const text = execFileSync(PYTHON, ['-c', script, JSON.stringify(typed), process.execPath, program], {
        env: {
          ...process.env,
          IPSEC_LAB_STATE: lab.state,
          EDITOR: 'sed -i s/a.secret/edited/',
          VISUAL: '',
          TERM: 'xterm',
        },
        encoding: 'utf8',
      });
      expect(text).toContain('alice # ');
      expect(text).toContain('dladm show-iptun');
      expect(text).toContain('edited\r\n');
      const history = text.slice(text.lastIndexOf('    1  '));
      expect(history).toContain('cat /root/x');
      expect(history).not.toContain('a secret');
    },
    60_000,
  );
});
