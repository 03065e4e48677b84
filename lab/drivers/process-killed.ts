/**
 * A process of the lab was ended by a signal that the lab did not send: by somebody, or by a kernel that is out of memory. No
 * fault of ours, and the text says it all.
 */
export class ProcessKilled extends Error {
  constructor(what: string, signal: NodeJS.Signals) {
    super(`${what} was killed by ${signal}`);
    this.name = 'ProcessKilled';
  }
}
