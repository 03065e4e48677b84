import { createInterface } from 'node:readline';
export interface ParentChannel<From, To> {
  send(message: From): void;
  listen(onMessage: (message: To) => void, onClose: () => void): void;
}

/** The channel to whoever started this process: Node's IPC where there is one, else lines of JSON. */
export function parentChannel<From, To>(): ParentChannel<From, To> {
  return process.send === undefined ? lines() : ipc();
}

function ipc<From, To>(): ParentChannel<From, To> {
  return {
    send: message => {
      if (process.connected) process.send?.(message);
    },
    listen: (onMessage, onClose) => {
      process.on('message', onMessage);
      process.on('disconnect', onClose);
    },
  };
}

function lines<From, To>(): ParentChannel<From, To> {
  return {
    send: message => process.stdout.write(`${JSON.stringify(message)}\n`),
    listen: (onMessage, onClose) => {
      const input = createInterface({ input: process.stdin });
      input.on('line', line => onMessage(JSON.parse(line) as To));
      input.on('close', onClose);
    },
  };
}
