import type { TcpError } from './tcp/contract.ts';

/** In the words of strerror(3). null: the connection ended with no error of its own. */
export function describeTcpError(error: TcpError | null): string {
  switch (error) {
    case 'refused':
      return 'Connection refused';
    case 'reset':
    case null:
      return 'Connection reset by peer';
    case 'timedOut':
      return 'Connection timed out';
    case 'unreachable':
      return 'No route to host';
  }
}
