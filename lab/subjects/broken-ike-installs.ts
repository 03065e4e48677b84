import type { Subject } from './subject.ts';
import { ikeConfigSubject } from './build-ike.ts';
import type { IkeEffects } from '../../engine/ike/daemon.ts';
import { ikeDaemonSubject, type InstalledSa, ikeEffectsSubject, installs } from './build-ike-effects.ts';

/** Those that agree on the right Child SAs, and give their node wrong ones: RFC 7296 §2.8, §2.9 and §2.17. */
export const BROKEN_IKE_INSTALLS: readonly Subject[] = [
  ikeEffectsSubject('ike-forgets-old-child', 'receives by the newest of its Child SAs alone', () => {
    const known: InstalledSa[] = [];
    return {
      command: command => {
        if (command.kind !== 'installSa' || command.sa.direction !== 'inbound') return [command];
        const old = known.splice(0).map(({ spi, direction }) => ({ kind: 'deleteSa', spi, direction }) as const);
        known.push(command.sa);
        return [...old, command];
      },
    };
  }),
  ikeEffectsSubject(
    'ike-sends-nothing-after-a-rekey',
    'does not send from a rekey on until the old SA is deleted',
    () => {
      const known: InstalledSa[] = [];
      return {
        command: command => {
          if (command.kind !== 'installSa') return [command];
          if (command.sa.direction === 'outbound') {
            known.push(command.sa);
            return [command];
          }
          const old = known.splice(0).map(({ spi, direction }) => ({ kind: 'deleteSa', spi, direction }) as const);
          return [...old, command];
        },
      };
    },
  ),
  ikeEffectsSubject('ike-never-sends-by-the-second', 'never sends by any but its first Child SA', () => {
    let count = 0;
    return {
      command: command => {
        if (command.kind !== 'installSa' || command.sa.direction !== 'outbound') return [command];
        count += 1;
        return count === 1 ? [command] : [];
      },
    };
  }),
  ikeEffectsSubject('ike-removes-nothing-inbound', 'receives for ever by SAs that were deleted', () => ({
    command: command => (command.kind === 'deleteSa' && command.direction === 'inbound' ? [] : [command]),
  })),
  ikeEffectsSubject('ike-removes-nothing-outbound', 'sends for ever by SAs that were deleted', () => ({
    command: command => (command.kind === 'deleteSa' && command.direction === 'outbound' ? [] : [command]),
  })),
  ikeDaemonSubject('ike-children-stay-behind', 'closes its children when it has a new IKE SA', () => daemon => {
    const known: InstalledSa[] = [];
    const closing = (effects: IkeEffects): IkeEffects => {
      for (const command of effects.commands) if (command.kind === 'installSa') known.push(command.sa);
      if (!effects.events.some(({ kind }) => kind === 'ikeRekeyed')) return effects;
      const ends = known.splice(0).map(({ spi, direction }) => ({ kind: 'deleteSa', spi, direction }) as const);
      return { ...effects, commands: [...effects.commands, ...ends] };
    };
    return { ...daemon, receive: (datagrams, now) => closing(daemon.receive(datagrams, now)) };
  }),
  installs('ike-installs-without-selectors', 'lets everything into an SA that its policy is for', sa => ({
    ...sa,
    selector: null,
  })),
  ikeEffectsSubject('ike-swaps-child-keys', 'sends with the keys that it should receive with', () => {
    let own: InstalledSa | null = null;
    return {
      command: command => {
        if (command.kind !== 'installSa') return [command];
        const { sa } = command;
        const other = own;
        own = sa;
        if (other === null || other.direction === sa.direction) return [command];
        const { encryptionKey, integrityKey } = other;
        return [{ ...command, sa: { ...sa, encryptionKey, integrityKey } }];
      },
    };
  }),
  installs('ike-integrity-first', 'takes the key of integrity from KEYMAT before that of encryption', sa => {
    const all = sa.encryptionKey + sa.integrityKey;
    const at = sa.integrityKey.length;
    return { ...sa, integrityKey: all.slice(0, at), encryptionKey: all.slice(at) };
  }),
  ikeConfigSubject('ike-never-rekeys', 'has SAs that never end', config => ({
    ...config,
    connections: config.connections.map(connection => ({
      ...connection,
      rekeySeconds: 0,
      children: connection.children.map(child => ({ ...child, rekey: { seconds: null, octets: null, packets: null } })),
    })),
  })),
];
