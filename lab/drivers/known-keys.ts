import type { IkeSecrets } from '../../engine/ike/daemon.ts';
import type { NodeCommand } from '../../engine/node/node.ts';
import type { EspSaKeys } from '../capture/key-log.ts';
import { keysOfSa } from '../topology/keys.ts';

/** More are of a run that nobody decrypts: the oldest are forgotten. */
const KEYS_MAX = 20_000;

/** The keys of all SAs that a lab has had, each once, for decryption. Secret: only to files that the user asked for. */
export class KnownKeys {
  readonly #esp = new Map<string, EspSaKeys>();
  readonly #ike = new Map<string, IkeSecrets>();

  get esp(): readonly EspSaKeys[] {
    return [...this.#esp.values()];
  }

  get ike(): readonly IkeSecrets[] {
    return [...this.#ike.values()];
  }

  learn(keys: readonly EspSaKeys[]): void {
    for (const key of keys) remember(this.#esp, nameOf(key), key);
  }

  learnIke(secrets: readonly IkeSecrets[]): void {
    for (const each of secrets) remember(this.#ike, `${each.initiatorSpi} ${each.responderSpi} ${each.skEi}`, each);
  }

  /** From what a node is told to do: an SA that it gets, or one that goes on between other ends. */
  learnFrom(command: NodeCommand): void {
    if (command.kind === 'installSa') this.learn(keysOfSa(command.sa));
    if (command.kind !== 'moveSa') return;
    const { spi, source, destination } = command;
    const moved = this.esp.findLast(key => key.spi === spi);
    if (moved !== undefined) this.learn([{ ...moved, source, destination }]);
  }
}

/** Of one SA, seen from the same side of a NAT. */
function nameOf({ spi, source, destination, protocol = 'esp', encryptionKey, integrityKey }: EspSaKeys): string {
  return [protocol, spi, source, destination, encryptionKey, integrityKey].join(' ');
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (map.has(key)) return;
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > KEYS_MAX && oldest !== undefined) map.delete(oldest);
}
