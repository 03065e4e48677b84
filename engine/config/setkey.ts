import { type Place, Report } from './diagnostic.ts';
import { withImplied } from './implied-policies.ts';
import type { PolicyReading, StatedPolicy, StatedSa } from './policy.ts';
import { nameAfter } from './policy-name.ts';
import { readAdd, readSaId, readSaSet, type SetkeyRules, takeOptionalProtocol } from './setkey-add.ts';
import { readSpdAdd, readSpdDelete } from './setkey-policy.ts';
import { readStatements, type StatementText } from './setkey-reader.ts';
import type { SetkeyPolicy, SetkeySa, SetkeySelector, SetkeyStatement } from './setkey-statement.ts';

/**
 * Reads what setkey of KAME and ipsec-tools takes with `-f` and `-c` (its manual: setkey(8)), as statements that can be
 * carried out one by one. null with any diagnostic. Never throws, whatever the text.
 */
export function readSetkeyStatements(
  file: string,
  text: string,
  rules: SetkeyRules,
): { readonly statements: readonly SetkeyStatement[] | null; readonly diagnostics: PolicyReading['diagnostics'] } {
  const report = new Report(file);
  const statements = statementsOf(text, rules, report);
  const diagnostics = report.diagnostics();
  return { statements: diagnostics.length === 0 ? statements : null, diagnostics };
}

/** Reads a setkey.conf as what is left in an empty SPD and an empty SAD when all of it was carried out. */
export function readSetkey(file: string, text: string, rules: SetkeyRules): PolicyReading {
  const report = new Report(file);
  const databases = new Databases(file, report);
  for (const statement of statementsOf(text, rules, report)) databases.carryOut(statement);
  const diagnostics = report.diagnostics();
  if (diagnostics.length > 0) return { stated: null, diagnostics };
  return { stated: { policies: withImplied(databases.policies(), file), sas: databases.sas() }, diagnostics };
}

function statementsOf(text: string, rules: SetkeyRules, report: Report): SetkeyStatement[] {
  return readStatements(text, report)
    .map(statement => readStatement(statement, rules, report))
    .filter(statement => statement !== null);
}

function readStatement(
  { command, place, words }: StatementText,
  rules: SetkeyRules,
  report: Report,
): SetkeyStatement | null {
  switch (command) {
    case 'add': {
      const sa = readAdd(place, words, rules, report);
      return sa === null ? null : { kind: 'add', place, sa };
    }
    case 'delete':
    case 'get': {
      const id = readSaId(words, report);
      return id === null ? null : { kind: command, place, ...id };
    }
    case 'deleteall': {
      const which = readSaSet(words, report);
      if (which === null) return null;
      words.finish(report);
      return { kind: 'deleteAll', place, ...which };
    }
    case 'flush':
    case 'dump': {
      const protocol = takeOptionalProtocol(words, report);
      return protocol === undefined ? null : { kind: command, place, protocol };
    }
    case 'spdadd':
    case 'spdupdate': {
      const policy = readSpdAdd(words, report);
      return policy === null ? null : { kind: 'spdAdd', place, policy, replaces: command === 'spdupdate' };
    }
    case 'spddelete': {
      const policy = readSpdDelete(words, report);
      return policy === null ? null : { kind: 'spdDelete', place, policy };
    }
    case 'spdflush':
    case 'spddump':
      words.finish(report);
      return { kind: command === 'spdflush' ? 'spdFlush' : 'spdDump', place };
  }
}

interface HeldPolicy {
  readonly place: Place;
  readonly policy: SetkeyPolicy;
}
interface HeldSa {
  readonly place: Place;
  readonly sa: SetkeySa;
}

/** An SPD and an SAD as the statements before left them. */
class Databases {
  readonly #file: string;
  readonly #report: Report;
  readonly #policies = new Map<string, HeldPolicy>();
  readonly #sas = new Map<string, HeldSa>();

  constructor(file: string, report: Report) {
    this.#file = file;
    this.#report = report;
  }

  carryOut(statement: SetkeyStatement): void {
    switch (statement.kind) {
      case 'add':
        this.#add(statement.place, statement.sa);
        return;
      case 'delete':
        if (!this.#sas.delete(saKey(statement))) this.#reportAbsent(statement.place, 'SA');
        return;
      case 'deleteAll':
        this.#deleteSas(
          ({ source, destination, protocol }) =>
            source === statement.source && destination === statement.destination && protocol === statement.protocol,
        );
        return;
      case 'flush':
        this.#deleteSas(({ protocol }) => statement.protocol === null || protocol === statement.protocol);
        return;
      case 'spdAdd':
        if (statement.replaces) this.#policies.delete(selectorKey(statement.policy));
        this.#addPolicy(statement.place, statement.policy);
        return;
      case 'spdDelete':
        if (!this.#policies.delete(selectorKey(statement.policy))) this.#reportAbsent(statement.place, 'policy');
        return;
      case 'spdFlush':
        this.#policies.clear();
        return;
      case 'get':
      case 'dump':
      case 'spdDump':
    }
  }

  /** In the order in which they are tried. A `fwd` policy beside the same `in` policy is that policy once more. */
  policies(): StatedPolicy[] {
    return [...this.#policies.values()]
      .filter(({ policy }) => !policy.isForward || !this.#policies.has(selectorKey({ ...policy, isForward: false })))
      .toSorted((a, b) => b.policy.priority - a.policy.priority)
      .map(({ place, policy }) => statedPolicy(nameAfter(this.#file, place), place, policy));
  }

  sas(): StatedSa[] {
    const tunnels = new Set([...this.#policies.values()].flatMap(({ policy }) => tunnelsOf(policy)));
    return [...this.#sas.values()].map(({ place, sa: { input, isAnyMode, udp } }) => {
      const mode = isAnyMode && tunnels.has(tunnelKey(input)) ? 'tunnel' : input.mode;
      return { place, sa: { ...input, mode }, udp };
    });
  }

  #add(place: Place, sa: SetkeySa): void {
    const before = this.#sas.get(saKey(sa.input));
    if (before === undefined) this.#sas.set(saKey(sa.input), { place, sa });
    else {
      const message = `SPI ${sa.input.spi} to ${sa.input.destination} is in line ${before.place.line} already`;
      this.#report.error(place, message, 'give this SA another SPI, or begin the file with flush;');
    }
  }

  #deleteSas(isGone: (sa: SetkeySa['input']) => boolean): void {
    for (const [key, { sa }] of this.#sas) if (isGone(sa.input)) this.#sas.delete(key);
  }

  #addPolicy(place: Place, policy: SetkeyPolicy): void {
    const before = this.#policies.get(selectorKey(policy));
    if (before === undefined) this.#policies.set(selectorKey(policy), { place, policy });
    else {
      const message = `the policy in line ${before.place.line} has the same selectors and direction`;
      this.#report.error(place, message, 'take one of the two away, or spddelete the first');
    }
  }

  #reportAbsent(place: Place, what: string): void {
    this.#report.error(place, `no ${what} like this was added before`, 'take it away');
  }
}

/** The policy under a name of its own, which setkey's policies have not. */
export function statedPolicy(name: string, place: Place, policy: SetkeyPolicy): StatedPolicy {
  const { local, remote, protocol, localPort, remotePort, icmp, direction, action, priority } = policy;
  const selector = { local, remote, protocol, localPort, remotePort, icmp };
  return {
    name,
    place,
    tunnel: null,
    direction,
    ...selector,
    action,
    ...(priority === 0 ? {} : { priority }),
    isImplied: false,
  };
}

/** An SAD holds one SA for each of them. */
function saKey({
  destination,
  protocol = 'esp',
  spi,
}: Pick<SetkeySa['input'], 'destination' | 'protocol' | 'spi'>): string {
  return `${destination} ${protocol} ${spi}`;
}

/** An SPD holds one policy for each of them. */
function selectorKey(selector: SetkeySelector): string {
  const { local, remote, protocol, localPort, remotePort, icmp, direction, isForward } = selector;
  return JSON.stringify([local, remote, protocol, localPort, remotePort, icmp, direction, isForward]);
}

/**
 * The pairs of outer addresses, as senders use them, for which a policy asks for tunnel mode. `-m any`, which is what setkey
 * assumes, is tunnel mode between such a pair, and else transport mode.
 */
function tunnelsOf({ action, direction }: SetkeyPolicy): string[] {
  if (action.kind !== 'protect') return [];
  return action.transforms.flatMap(({ mode, protocol, ends }) => {
    if (mode !== 'tunnel' || ends === null) return [];
    const [source, destination] = direction === 'outbound' ? [ends.local, ends.remote] : [ends.remote, ends.local];
    return [tunnelKey({ protocol, source, destination })];
  });
}

function tunnelKey({
  protocol = 'esp',
  source,
  destination,
}: Pick<SetkeySa['input'], 'protocol' | 'source' | 'destination'>): string {
  return `${protocol} ${source} ${destination}`;
}
