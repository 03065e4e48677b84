import { type AlgorithmEntry, legacyReason } from '../crypto/algorithm-entry.ts';
import { ikeRequirement } from '../crypto/ike-requirement.ts';
import { type EncryptionAlgorithm, encryptionAlgorithm, encryptionAlgorithms } from '../crypto/encryption.ts';
import { type IntegrityAlgorithm, integrityAlgorithm, integrityAlgorithms } from '../crypto/integrity.ts';
import type { ChildProposalConfig, IkeProposalConfig } from '../ike/config.ts';
import { quoted } from './diagnostic.ts';
import {
  KEY_EXCHANGE_NAMES,
  keyExchangeNamed,
  type NamedAlgorithm,
  PRF_NAMES,
  prfNamed,
} from './key-exchange-names.ts';
import { nearest } from './suggest.ts';

/** Something wrong with a proposal, `offset` characters into its text. */
export interface ProposalProblem {
  readonly offset: number;
  readonly message: string;
  readonly fix: string;
}

export interface ProposalReading<T> {
  /** null when there is any problem. */
  readonly proposal: T | null;
  readonly problems: readonly ProposalProblem[];
}

/** `legacy`: also what nobody should use any more: RFC 8247 for IKE, RFC 8221 for ESP and AH. */
export interface ProposalRules {
  readonly legacy: boolean;
}

/**
 * What is offered for an IKE SA: `aes256gcm16-prfsha384-x25519`, `aes128-sha256-modp2048`, `…-ke1_mlkem768`. Several of a kind are
 * alternatives, the preferred one first. Without a PRF it is the one of the integrity algorithm. Names are ours and strongSwan's.
 */
export function parseIkeProposal(text: string, rules: ProposalRules): ProposalReading<IkeProposalConfig> {
  const reader = new ProposalReader(text, rules);
  const words = reader.words('IKE');
  const { encryption, integrity } = reader.ciphers(words, 'IKE');
  if (words.esn.length > 0) reader.problem(words.esn[0], 'an IKE SA has no sequence numbers to extend', 'remove it');
  const isAead = encryption[0]?.aead === true;
  const prf =
    words.prf.length > 0 || isAead
      ? words.prf.map(({ token }) => token)
      : integrity.flatMap(({ token }) => prfOf(token));
  if (prf.length === 0 && encryption.length > 0 && reader.isGood()) {
    const last = words.keyExchange[0]?.name;
    const fix = `write ${encryption[0]?.token}-prfsha256${last === undefined ? '' : `-${last}`}`;
    reader.problem(null, 'the proposal names no PRF, and there is no HMAC to take it from', fix);
  }
  if (words.keyExchange.length === 0 && reader.isGood()) {
    reader.problem(null, 'the proposal names no group for the key exchange', `write ${text}-x25519`);
  }
  return reader.reading({
    encryption: encryption.map(({ token }) => token),
    integrity: integrity.map(({ token }) => token),
    prf,
    keyExchange: words.keyExchange.map(({ token }) => token),
    additionalKeyExchanges: words.additional,
  });
}

/** What is offered for ESP: `aes256gcm16`, `aes128-sha256-x25519-esn`. A group asks for perfect forward secrecy. */
export function parseEspProposal(text: string, rules: ProposalRules): ProposalReading<ChildProposalConfig> {
  const reader = new ProposalReader(text, rules);
  const words = reader.words();
  const { encryption, integrity } = reader.ciphers(words, 'ESP');
  const [prf] = words.prf;
  if (prf !== undefined) reader.problem(prf, 'the SAs of packets have no PRF of their own', 'remove it');
  return reader.reading({
    protocol: 'esp',
    encryption: encryption.map(({ token }) => token),
    integrity: integrity.map(({ token }) => token),
    keyExchange: words.keyExchange.map(({ token }) => token),
    additionalKeyExchanges: words.additional,
    esn: esnOf(words),
  });
}

/** What is offered for AH: `sha256`, `sha256-x25519`, `aes128gmac`. */
export function parseAhProposal(text: string, rules: ProposalRules): ProposalReading<ChildProposalConfig> {
  const reader = new ProposalReader(text, rules);
  const words = reader.words('AH');
  for (const word of words.encryption) reader.problem(word, `${word.name} encrypts, and AH does not`, 'use ESP for it');
  const [prf] = words.prf;
  if (prf !== undefined) reader.problem(prf, 'the SAs of packets have no PRF of their own', 'remove it');
  if (words.integrity.length === 0 && reader.isGood())
    reader.problem(null, 'the proposal names no integrity algorithm', 'write sha256');
  return reader.reading({
    protocol: 'ah',
    encryption: [],
    integrity: words.integrity.map(({ token }) => token),
    keyExchange: words.keyExchange.map(({ token }) => token),
    additionalKeyExchanges: words.additional,
    esn: esnOf(words),
  });
}

/** The groups of `pfs: x25519-ke1_mlkem768`: alternatives, and what comes on top of them (RFC 9370). */
export function parseGroups(
  text: string,
  rules: ProposalRules,
): ProposalReading<Pick<ChildProposalConfig, 'keyExchange' | 'additionalKeyExchanges'>> {
  const reader = new ProposalReader(text, rules);
  const words = reader.words();
  const [other] = [...words.encryption, ...words.integrity, ...words.prf, ...words.esn];
  if (other !== undefined)
    reader.problem(other, `${quoted(other.name)} is not a group`, 'write a group, such as x25519');
  if (words.keyExchange.length === 0 && reader.isGood()) reader.problem(null, 'no group is named', 'write x25519');
  return reader.reading({
    keyExchange: words.keyExchange.map(({ token }) => token),
    additionalKeyExchanges: words.additional,
  });
}

/** Good for everybody: RFC 8247 and RFC 8221, the strongest habits first. */
export const DEFAULT_IKE_PROPOSALS = [
  'aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-x25519-ecp384-ecp256-modp3072-modp2048',
  'aes256-aes128-sha384-sha256-prfsha384-prfsha256-x25519-ecp384-ecp256-modp3072-modp2048',
] as const;
export const DEFAULT_ESP_PROPOSALS = ['aes256gcm16-aes128gcm16', 'aes256-aes128-sha256'] as const;

/** More words than any proposal has use for. */
const WORDS_MAX = 64;
const ADDITIONAL_MAX = 7;

interface Word {
  readonly name: string;
  readonly token: string;
  readonly offset: number;
}

/** The words of a proposal by what they name; what is not good is reported and left out. */
interface Words {
  readonly encryption: readonly Word[];
  readonly integrity: readonly Word[];
  readonly prf: readonly Word[];
  readonly keyExchange: readonly Word[];
  readonly additional: readonly (readonly string[])[];
  readonly esn: readonly Word[];
}

const esnOf = ({ esn }: Words): ChildProposalConfig['esn'] =>
  esn.length === 0 ? ['no'] : esn.map(({ token }) => (token === 'esn' ? 'yes' : 'no'));

class ProposalReader {
  readonly #text: string;
  readonly #rules: ProposalRules;
  readonly #problems: ProposalProblem[] = [];

  constructor(text: string, rules: ProposalRules) {
    this.#text = text;
    this.#rules = rules;
  }

  isGood(): boolean {
    return this.#problems.length === 0;
  }

  problem(word: Word | null | undefined, message: string, fix: string): void {
    this.#problems.push({ offset: word?.offset ?? 0, message, fix });
  }

  reading<T>(proposal: T): ProposalReading<T> {
    return { proposal: this.isGood() ? proposal : null, problems: this.#problems };
  }

  words(kind: 'IKE' | 'AH' | null = null): Words {
    const found: Record<'encryption' | 'integrity' | 'prf' | 'keyExchange' | 'esn', Word[]> = {
      encryption: [],
      integrity: [],
      prf: [],
      keyExchange: [],
      esn: [],
    };
    const additional = new Map<number, string[]>();
    for (const { name, offset } of this.#split()) {
      const bare = { name, token: name, offset };
      const extra = /^ke([0-9]+)_(.*)$/.exec(name);
      if (extra !== null) {
        this.#additional(bare, Number(extra[1]), extra[2] ?? '', additional);
        continue;
      }
      const judged = this.#judge(bare, kind);
      if (judged === null) continue;
      const { kind: where, token } = judged;
      const twice = found[where].some(word => word.token === token);
      if (twice) this.problem(bare, `${quoted(name)} is in the proposal twice`, 'keep one of the two');
      else found[where].push({ name, token, offset });
    }
    return { ...found, additional: this.#sequence(additional) };
  }

  /** Encryption and integrity together, RFC 7296 §3.3.3 and RFC 5282 §8. */
  ciphers(
    words: Words,
    protocol: 'IKE' | 'ESP',
  ): { encryption: EncryptionAlgorithm[]; integrity: IntegrityAlgorithm[] } {
    const encryption = words.encryption.flatMap(({ token }) => encryptionAlgorithm(token) ?? []);
    const integrity = words.integrity.flatMap(({ token }) => integrityAlgorithm(token) ?? []);
    const aead = words.encryption.filter((_, index) => encryption[index]?.aead);
    const plain = words.encryption.filter((_, index) => encryption[index]?.aead === false);
    const [combined] = aead;
    const [separate] = plain;
    const [mac] = words.integrity;
    if (protocol === 'IKE') this.#reportIkeOnly(words, encryption);
    if (combined !== undefined && separate !== undefined) {
      const message = `${combined.name} brings its own integrity and ${separate.name} needs one: no peer could take both from one proposal`;
      this.problem(separate, message, 'make two proposals of it');
    } else if (combined !== undefined && mac !== undefined) {
      const fix = protocol === 'IKE' ? `write prf${mac.token} where the PRF is meant, or remove it` : 'remove it';
      this.problem(mac, `${combined.name} brings its own integrity: there is no ${mac.name} beside it`, fix);
    } else if (separate !== undefined && mac === undefined && this.isGood()) {
      const message = `${separate.name} without integrity: whoever is on the path can change packets unseen (RFC 8221 §4)`;
      this.problem(separate, message, `write ${separate.name}-sha256, or use aes256gcm16`);
    }
    if (encryption.length === 0 && this.isGood()) {
      const fix = protocol === 'IKE' ? 'write aes256gcm16-prfsha384-x25519' : 'write aes256gcm16';
      this.problem(null, 'the proposal names no encryption algorithm', fix);
    }
    const gmac = words.integrity.find((_, index) => integrity[index]?.kind === 'gmac');
    if (gmac !== undefined) this.problem(gmac, `${gmac.name} is for AH alone (RFC 4543 §5.3)`, 'use sha256');
    return { encryption, integrity };
  }

  #reportIkeOnly(words: Words, encryption: readonly EncryptionAlgorithm[]): void {
    for (const [index, word] of words.encryption.entries()) {
      const { kind, ...algorithm } = encryption[index] ?? { kind: 'cbc' };
      const isImplicit = 'implicitIv' in algorithm && algorithm.implicitIv;
      if (kind === 'null' || kind === 'gmac')
        this.problem(word, `${word.name} does not encrypt, and IKE always does (RFC 8247 §2.1)`, 'use aes256gcm16');
      else if (isImplicit)
        this.problem(word, `${word.name} is for ESP alone (RFC 8750 §5)`, `use ${word.token.replace(/iiv$/, '')}`);
    }
  }

  #split(): { name: string; offset: number }[] {
    const names: { name: string; offset: number }[] = [];
    let offset = 0;
    for (const part of this.#text.split('-')) {
      const name = part.trim().toLowerCase();
      const at = offset + (part.length - part.trimStart().length);
      if (name === '') this.#problems.push({ offset: at, message: 'an algorithm is missing here', fix: EXAMPLE });
      else if (name !== 'none') names.push({ name, offset: at });
      offset += part.length + 1;
    }
    if (names.length <= WORDS_MAX) return names;
    this.#problems.push({ offset: 0, message: `a proposal of ${names.length} algorithms`, fix: 'make several of it' });
    return [];
  }

  #judge(
    word: Word,
    kind: 'IKE' | 'AH' | null,
  ): { kind: 'encryption' | 'integrity' | 'prf' | 'keyExchange' | 'esn'; token: string } | null {
    const { name } = word;
    if (name === 'esn' || name === 'noesn') return { kind: 'esn', token: name };
    const group = keyExchangeNamed(name);
    if (group !== null) return this.#allowed(word, group) ? { kind: 'keyExchange', token: group.token } : null;
    const prf = prfNamed(name);
    if (prf !== null) return this.#allowed(word, prf) ? { kind: 'prf', token: prf.token } : null;
    const encryption = encryptionAlgorithms().find(entry => isNamed(entry, name)) ?? null;
    const integrity = integrityAlgorithms().find(entry => isNamed(entry, name)) ?? null;
    const preferred = kind === 'AH' ? (integrity ?? encryption) : (encryption ?? integrity);
    if (preferred === null) {
      this.problem(word, `${quoted(name)} is not an algorithm that can be negotiated`, suggestion(name));
      return null;
    }
    // What does not encrypt at all is refused elsewhere, whoever asks for it.
    const isOfIke = kind === 'IKE' && preferred.token !== 'null';
    const requirement = isOfIke ? ikeRequirement(preferred) : preferred.requirement;
    if (!this.#allowedEntry(word, { ...preferred, requirement })) return null;
    return { kind: preferred === encryption ? 'encryption' : 'integrity', token: preferred.token };
  }

  #allowed(word: Word, { legacy, refused }: NamedAlgorithm): boolean {
    if (refused !== null) {
      this.problem(word, `${word.name} is never used: ${refused.why}`, `use ${refused.instead}`);
      return false;
    }
    if (legacy === null || this.#rules.legacy) return true;
    this.problem(
      word,
      `${word.name} is a relic (${legacy})`,
      `use ${instead(word.name)}, or allow it with legacy: true`,
    );
    return false;
  }

  #allowedEntry(word: Word, entry: Pick<AlgorithmEntry, 'name' | 'requirement' | 'unavailable'>): boolean {
    const reason = legacyReason(entry);
    if (entry.unavailable !== null) {
      this.problem(word, `${word.name} cannot be computed here: ${entry.unavailable}`, 'use aes256gcm16');
      return false;
    }
    if (reason === null || this.#rules.legacy) return true;
    this.problem(
      word,
      `${word.name} is a relic (${reason})`,
      `use ${instead(word.name)}, or allow it with legacy: true`,
    );
    return false;
  }

  #additional(word: Word, number: number, name: string, found: Map<number, string[]>): void {
    if (number < 1 || number > ADDITIONAL_MAX) {
      const message = `${quoted(word.name)}: there are at most ${ADDITIONAL_MAX} additional key exchanges (RFC 9370)`;
      return this.problem(word, message, 'number them ke1_ to ke7_');
    }
    const group = name === 'none' ? null : keyExchangeNamed(name);
    if (name !== 'none' && group === null) {
      const near = nearest(name, KEY_EXCHANGE_NAMES());
      const fix = near === null ? 'write ke1_mlkem768' : `did you mean "ke${number}_${near}"?`;
      return this.problem(word, `${quoted(name)} is not a key exchange`, fix);
    }
    if (group !== null && !this.#allowed(word, group)) return;
    const token = group?.token ?? 'none';
    const others = found.get(number) ?? [];
    if (others.includes(token)) return this.problem(word, `${quoted(word.name)} is there twice`, 'keep one of the two');
    found.set(number, [...others, token]);
  }

  #sequence(found: ReadonlyMap<number, string[]>): string[][] {
    const last = Math.max(0, ...found.keys());
    return Array.from({ length: last }, (_, index) => {
      const methods = found.get(index + 1);
      if (methods === undefined)
        this.problem(null, `there is a ke${last}_ and no ke${index + 1}_`, 'number them in a row');
      return methods ?? [];
    });
  }
}

const EXAMPLE = 'write names with "-" between them: aes256gcm16-prfsha384-x25519';

const isNamed = (entry: AlgorithmEntry, name: string): boolean =>
  entry.token === name || entry.names.strongswan.includes(name);

/** The PRF of the same hash or cipher, as strongSwan and most others take it. */
function prfOf(integrity: string): string[] {
  const prf = prfNamed(`prf${integrity.replace(/_.*$/, '')}`);
  return prf === null ? [] : [prf.token];
}

function suggestion(name: string): string {
  if (name.startsWith('prf')) return near(name, PRF_NAMES(), 'use prfsha256');
  const entries = [...encryptionAlgorithms(), ...integrityAlgorithms()].filter(({ legacy }) => !legacy);
  return near(name, [...entries.map(({ token }) => token), ...KEY_EXCHANGE_NAMES(), ...PRF_NAMES(), 'esn'], EXAMPLE);
}

function near(name: string, candidates: readonly string[], otherwise: string): string {
  const found = nearest(name, candidates);
  return found === null ? otherwise : `did you mean ${quoted(found)}?`;
}

function instead(name: string): string {
  if (name.startsWith('prf')) return 'prfsha256';
  if (/^(modp|ecp)/.test(name)) return 'x25519 or modp2048';
  return integrityAlgorithm(name) === null ? 'aes256gcm16' : 'sha256';
}
