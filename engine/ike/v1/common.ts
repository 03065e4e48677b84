import type { Cookie } from '../../wire/isakmp/message.ts';
import type { ConnectionConfig } from '../config.ts';
import type { CommonIsakmpSa, IsakmpSa, Path, PhaseOneMode } from './isakmp-sa.ts';
import { SILENCE } from './open-exchange.ts';
import type { World } from './step.ts';

/** What an ISAKMP SA begins with. */
export function newCommon(
  given: {
    readonly role: CommonIsakmpSa['role'];
    readonly mode: PhaseOneMode;
    readonly connection: ConnectionConfig;
    readonly initiatorCookie: Cookie;
    readonly responderCookie: Cookie;
    readonly path: Path;
    readonly extensions: CommonIsakmpSa['extensions'];
  },
  world: World,
): CommonIsakmpSa {
  return {
    ...given,
    id: world.newId(),
    conversation: SILENCE,
    tasks: [],
    createdAt: world.now,
    heardAt: world.now,
    fragments: null,
    sent: 0,
    received: given.role === 'responder' ? 1 : 0,
    retransmitted: 0,
  };
}

/** What every ISAKMP SA has, and nothing of its state. */
export function commonOf(sa: IsakmpSa): CommonIsakmpSa {
  return {
    id: sa.id,
    role: sa.role,
    mode: sa.mode,
    connection: sa.connection,
    initiatorCookie: sa.initiatorCookie,
    responderCookie: sa.responderCookie,
    path: sa.path,
    conversation: sa.conversation,
    tasks: sa.tasks,
    createdAt: sa.createdAt,
    heardAt: sa.heardAt,
    extensions: sa.extensions,
    fragments: sa.fragments,
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
  };
}

/** The path of a first message that has come. NATs are not looked for yet. */
export function pathOf({ local, localPort, remote, remotePort }: Omit<Path, 'isLocalNatted' | 'isRemoteNatted'>): Path {
  return { local, localPort, remote, remotePort, isLocalNatted: false, isRemoteNatted: false };
}
