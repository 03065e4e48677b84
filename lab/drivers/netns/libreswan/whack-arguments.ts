import type { LibreswanConn } from '../../../../engine/config/libreswan-write.ts';
import type { IkeCommand } from '../../../../engine/ike/daemon.ts';

/** The same command for whack, one call a line; null: it has none. */
export function whackArguments(command: IkeCommand, conns: readonly LibreswanConn[]): string[][] | null {
  switch (command.kind) {
    case 'initiate':
      return named(conns.filter(({ child }) => child === command.child)).map(name => [...name, '--initiate']);
    case 'terminate': {
      const state = command.child ?? command.ike;
      if (typeof state === 'number') return [['--deletestate', String(state)]];
      return named(chosen(command, conns)).map(name => [...name, '--terminate']);
    }
    case 'rekey': {
      const [which] = named(chosen(command, conns));
      return which === undefined ? null : [[...which, command.child === undefined ? '--rekey-ike' : '--rekey-ipsec']];
    }
    case 'redirect':
    case 'reauthenticate':
    case 'noted':
    case 'addresses':
    case 'fetched':
    case 'configure':
      return null;
  }
}

const named = (conns: readonly LibreswanConn[]): string[][] => conns.map(({ name }) => ['--name', name]);

/** By name: those of a child, or of a whole connection. */
function chosen(
  { ike, child }: { readonly ike?: string | number; readonly child?: string | number },
  conns: readonly LibreswanConn[],
): readonly LibreswanConn[] {
  return child === undefined
    ? conns.filter(conn => conn.connection === ike)
    : conns.filter(conn => conn.child === child);
}
