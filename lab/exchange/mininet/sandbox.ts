import { spawnSync } from 'node:child_process';

/** What a program in the sandbox said; null: it did not end by itself, for the reason given. */
export type Outcome = { readonly said: string } | { readonly said: null; readonly why: string };

const PATIENCE_MS = 60_000;
const ANSWER_OCTETS_MAX = 16 << 20;

/** A root without the machine's files but its programs and their libraries; `$@` runs in it. */
const ENTER = `set -e
mount -t tmpfs -o size=64k,mode=0755 none /tmp
cd /tmp
for folder in bin sbin lib lib32 lib64; do
  if [ -L /$folder ]; then cp -P /$folder $folder
  elif [ -d /$folder ]; then mkdir $folder; mount --rbind /$folder $folder; fi
done
mkdir usr dev; mount --rbind /usr usr
: >dev/null; mount --bind /dev/null dev/null
exec chroot . "$@"`;

/**
 * Runs a program that runs somebody's code, to its end: as nobody, without a capability, in a network without devices, among no other
 * processes, where no file can be written and none be read but those of /usr.
 */
export function runWithoutRights(argv: readonly string[], input: string): Outcome {
  const isRoot = process.getuid?.() === 0;
  const apart = ['--net', '--mount', '--ipc', '--pid', '--fork', '--kill-child'];
  const nobody = isRoot ? ['--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const run = spawnSync(
    'unshare',
    [
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      ...apart,
      'sh',
      '-c',
      ENTER,
      'sh',
      'setpriv',
      ...nobody,
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--no-new-privs',
      ...argv,
    ],
    {
      input,
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      killSignal: 'SIGKILL',
      maxBuffer: ANSWER_OCTETS_MAX,
      timeout: PATIENCE_MS,
    },
  );
  if (run.error !== undefined) return { said: null, why: run.error.message };
  if (run.status === 0) return { said: run.stdout };
  return {
    said: null,
    why: run.stderr.trim().split('\n').at(-1) || `it ended by ${run.signal ?? `status ${run.status}`}`,
  };
}
