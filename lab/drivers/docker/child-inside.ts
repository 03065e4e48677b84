import type { NodeChild, NodeChildOptions } from '../netns/child-process.ts';
import type { Inside, InsideOptions } from './inside.ts';

/** How much of a dead child's last words is kept. */
const STDERR_OCTETS_MAX = 4096;
const STATUS_SIGNAL = 128;
const SIGKILL_STATUS = STATUS_SIGNAL + 9;

type Streams = Pick<InsideOptions, 'stdout' | 'stderr'>;

/**
 * One of our own programs in a container, that `start` starts: its messages are lines of JSON on standard input and output. It ends when
 * its input does, and so with us.
 */
export function childInside(
  { onMessage, onExit }: Pick<NodeChildOptions, 'onMessage' | 'onExit'>,
  start: (streams: Streams) => Promise<Inside>,
): NodeChild {
  let [lastWords, line] = ['', ''];
  const started = start({
    stdout: octets => {
      const lines = (line + Buffer.from(octets).toString('latin1')).split('\n');
      line = lines.pop() ?? '';
      for (const each of lines) onMessage(JSON.parse(Buffer.from(each, 'latin1').toString('utf8')));
    },
    stderr: octets => {
      lastWords = (lastWords + Buffer.from(octets).toString()).slice(-STDERR_OCTETS_MAX);
    },
  });
  const gone = started
    .then(
      ({ ended }) => ended,
      (error: unknown) => {
        lastWords += String(error);
        return 1;
      },
    )
    .then(status => onExit({ lastWords: lastWords.trim(), signal: status === SIGKILL_STATUS ? 'SIGKILL' : null }));
  return {
    // A child that could not start or has died is reported by its exit, not by the message that it missed.
    send: message =>
      void started.then(
        ({ stdin }) => stdin.write(`${JSON.stringify(message)}\n`),
        () => undefined,
      ),
    kill: async () => {
      await started.then(
        inside => inside.signal('SIGKILL'),
        () => undefined,
      );
      await gone;
    },
  };
}
