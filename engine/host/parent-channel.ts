import { createInterface } from 'node:readline';
import type { FromNode, ToNode } from './messages.ts';

export interface ParentChannel {
  send(message: FromNode): void;
  listen(onMessage: (message: ToNode) => void, onClose: () => void): void;
}

/** The channel to whoever started this process: Node's IPC where there is one, else lines of JSON. */
export function parentChannel(): ParentChannel {
  return process.send === undefined ? lines() : ipc();
}

function ipc(): ParentChannel {
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

function lines(): ParentChannel {
  return {
    send: message => process.stdout.write(`${JSON.stringify(message)}\n`),
    listen: (onMessage, onClose) => {
      const input = createInterface({ input: process.stdin });
      input.on('line', line => onMessage(JSON.parse(line) as ToNode));
      input.on('close', onClose);
    },
  };
}
