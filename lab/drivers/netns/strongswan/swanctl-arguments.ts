import type { IkeCommand } from '../../../../engine/ike/daemon.ts';

/** The same command for swanctl; null: it has none. */
export function swanctlArguments(command: IkeCommand): string[] | null {
  switch (command.kind) {
    case 'initiate':
      return ['--initiate', '--child', command.child];
    case 'terminate':
      return ['--terminate', ...which(command)];
    case 'rekey':
      return ['--rekey', ...which(command)];
    case 'reauthenticate':
      return ['--rekey', '--reauth', ...which(command)];
    case 'redirect':
      return ['--redirect', ...which(command), '--gateway', command.to];
    case 'noted':
    case 'addresses':
    case 'fetched':
    case 'configure':
      return null;
  }
}

/** By name, or by the number that its status shows. */
function which({ ike, child }: { readonly ike?: string | number; readonly child?: string | number }): string[] {
  return [...option('ike', ike), ...option('child', child)];
}

function option(name: string, value: string | number | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'number' ? [`--${name}-id`, String(value)] : [`--${name}`, value];
}
