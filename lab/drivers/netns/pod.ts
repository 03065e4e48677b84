import { existsSync, readFileSync, realpathSync } from 'node:fs';

/**
 * A live lab lives in a *pod*: user (for an ordinary user), network, mount and process namespaces of its own, which begin
 * and end with one process. Nothing that the lab makes is visible outside, and nothing can stay behind.
 */

/** Ordinary users' PATH often lacks the folders of `ip` and `tc`. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin';

export const withSystemPath = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  PATH: env['PATH'] === undefined ? SYSTEM_PATH : `${env['PATH']}:${SYSTEM_PATH}`,
});

/**
 * For `stdio`, between standard error and a message channel: the script that enters a pod uses the descriptors from 3 for itself, and the
 * channel must stay out of its way.
 */
export const POD_DESCRIPTORS = ['ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore'] as const;

/** The name of the file system on a pod's /run, by which a process knows that it is inside one. */
export const POD_MARK = 'ipsec-lab';

/**
 * What to put before a command so that it runs as the first process of a new pod, as root there, with a /run of its own
 * in which only the folders of `keep` are the machine's. The first process must be the one that ends last. `unshare` stays
 * outside as its parent, deaf to SIGTERM and SIGINT: whichever of the two dies takes the other along.
 */
export function podCommand(isRoot: boolean, keep: readonly string[] = runFolders()): string[] {
  return [
    'unshare',
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    enterScript(keep),
    'sh',
  ];
}

/**
 * The same for a lab of containers, for root only. It sees the machine's processes, for those of containers are among them; what runs in
 * containers is ended by the daemon when the first process ends. `socket` is the daemon's, which stays where it is.
 */
export function containerPodCommand(socket: string, keep: readonly string[] = runFolders()): string[] {
  const script = enterScript(keep, below('/run', socket));
  return ['unshare', '--net', '--mount', '--fork', '--kill-child', 'sh', '-c', script, 'sh'];
}

/** The same for a lab in the hosts of a network that runs already, which are among the machine's processes; for root only. */
export function attachPodCommand(keep: readonly string[] = runFolders()): string[] {
  return ['unshare', '--net', '--mount', '--fork', '--kill-child', 'sh', '-c', enterScript(keep), 'sh'];
}

/**
 * `argv` on a node of a running pod, from outside, with the same streams, directory and user. `pod` is the pod's first process
 * as seen from here. Status 127 where there is no such command, as a shell says it.
 */
export function nsenterCommand(
  pod: number,
  node: string,
  argv: readonly string[],
  isRoot: boolean = process.getuid?.() === 0,
): string[] {
  const user = isRoot ? [] : ['--user', '--preserve-credentials'];
  const enter = ['nsenter', '--target', String(pod), ...user, '--mount', '--net', '--pid', '--'];
  return [...enter, ...nodeCommand(node, argv, process.cwd())];
}

/** `argv` on a node, from inside the pod. */
export function nodeCommand(node: string, argv: readonly string[], directory: string): string[] {
  // Entering a mount namespace leads to its root, and `ip netns exec` has no status of its own for a missing command.
  const script = 'cd "$1" 2>/dev/null; shift; exec "$@"';
  return ['ip', 'netns', 'exec', node, 'sh', '-c', script, 'sh', directory, ...argv];
}

/** The first process of the pod that this `unshare` started, as seen from here; null: not yet, or no more. */
export function podProcess(unsharePid: number): number | null {
  try {
    const children = readFileSync(`/proc/${unsharePid}/task/${unsharePid}/children`, 'utf8').trim();
    return children === '' ? null : Number(children.split(' ')[0]);
  } catch {
    return null;
  }
}

/** Below /run, what a pod must still see: state directories may be there. */
function runFolders(): string[] {
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? '';
  const folders =
    runtime.startsWith('/run/') && !runtime.startsWith('/run/user/') ? ['/run/user', runtime] : ['/run/user'];
  return folders.filter(folder => existsSync(folder));
}

/** An open directory outlives the tmpfs that hides its path, and can be mounted back. */
function enterScript(keep: readonly string[], file: string | null = null): string {
  const descriptors = keep.map((folder, i) => ({ folder: quote(folder), fd: 3 + i }));
  return [
    'set -e',
    ...descriptors.map(({ folder, fd }) => `exec ${fd}<${folder}`),
    ...(file === null ? [] : [`exec ${3 + keep.length}</run`]),
    `mount -t tmpfs -o mode=0755 ${POD_MARK} /run`,
    'mkdir /run/netns',
    ...descriptors.map(
      ({ folder, fd }) => `mkdir -p ${folder}; mount -c --rbind /proc/self/fd/${fd} ${folder}; exec ${fd}<&-`,
    ),
    ...(file === null ? [] : keepFile(file, 3 + keep.length)),
    `exec setpriv --bounding-set=${NEVER_NEEDED.map(right => `-${right}`).join(',')} -- "$@"`,
  ].join('\n');
}

/** Of root's rights, those over the machine itself, which nothing in a lab has any use for: modules, ports, clock, devices, power. */
const NEVER_NEEDED = [
  'sys_module',
  'sys_rawio',
  'sys_boot',
  'sys_time',
  'sys_pacct',
  'sys_tty_config',
  'syslog',
  'wake_alarm',
  'mknod',
  'mac_admin',
  'mac_override',
  'audit_control',
  'linux_immutable',
];

/** `file` is below /run, of which the descriptor `fd` is the machine's. */
function keepFile(file: string, fd: number): string[] {
  const [name, hidden] = [quote(`/run/${file}`), '/run/.machine'];
  return [
    `mkdir ${hidden}; mount -c --bind /proc/self/fd/${fd} ${hidden}; exec ${fd}<&-`,
    `mkdir -p "$(dirname ${name})"; [ -e ${name} ] || : >${name}`,
    `mount --bind ${quote(`${hidden}/${file}`)} ${name}`,
    `umount -l ${hidden}; rmdir ${hidden}`,
  ];
}

/** The path below `folder` of a file that is there; null: it is elsewhere, or not at all. */
function below(folder: string, file: string): string | null {
  if (!existsSync(file)) return null;
  const path = realpathSync(file);
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
