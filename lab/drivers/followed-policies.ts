import type { IkeConfig } from '../../engine/ike/config.ts';

/**
 * What a daemon negotiates as far as its node has policies for it, by their names. An administrator takes policies away and brings them
 * back while the daemon runs: a peer that asks for an SA of one that is not there is refused, or it would send what nobody takes.
 */
export function forPolicies(config: IkeConfig, names: ReadonlySet<string>): IkeConfig {
  const connections = config.connections.map(connection => ({
    ...connection,
    children: connection.children.filter(({ policy }) => names.has(policy)),
  }));
  return { ...config, connections };
}

const childrenOf = ({ connections }: IkeConfig): string =>
  JSON.stringify(connections.map(({ name, children }) => [name, children.map(child => child.name)]));

/** Whether two configurations of one daemon, both made by `forPolicies`, differ. */
export function hasOtherChildren(before: IkeConfig, after: IkeConfig): boolean {
  return childrenOf(before) !== childrenOf(after);
}
