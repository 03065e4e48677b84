/**
 * A command in a container that ends it when its own input ends, and so with us: a task of a swarm has no input by which it could be held.
 * One process, which has no child.
 */
export const LIFELINE = {
  argv: ['/bin/sh', '-c', 'while read -r line; do :; done; kill 1'],
  environment: {},
  hasInput: true,
  stdout: () => undefined,
  stderr: () => undefined,
};
