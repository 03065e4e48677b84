import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { errorCode } from './failure.ts';

export interface Lock {
  release(): void;
}

/**
 * One holder at a time for one lab's beginning and end, or null when somebody else holds it. The lock is a socket in Linux's
 * abstract namespace, unix(7): no file, and the kernel lets go of it in the moment in which its holder dies, however that
 * happens. Users with the same state directory compete, others do not.
 */
export async function tryLock(root: string, name: string): Promise<Lock | null> {
  const server = createServer(socket => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', error => (errorCode(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(addressOf(root, name), () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
  });
}

/** Exactly as long as sun_path allows: some releases of Node.js pad shorter names with zeros, others do not. */
function addressOf(root: string, name: string): string {
  const digest = createHash('sha256').update(`${root}\0${name}`).digest('hex');
  return `\0ipsec-lab-${digest}`.padEnd(108, '.');
}
