import type { IkeEvent } from '../../engine/ike/daemon.ts';

/** What a node has negotiated that works, and that nobody should use any more. */
export interface DeprecatedUse {
  readonly connection: string;
  readonly remarks: readonly string[];
}

/** As a part of a lab's event: nothing for an event of any other kind. */
export function deprecatedUse({ connection, remarks }: IkeEvent): { readonly deprecated?: DeprecatedUse } {
  return connection === null || remarks === undefined ? {} : { deprecated: { connection, remarks } };
}
