import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { badInput, errorCode, machineCannot } from '../../state/failure.ts';
import { tryLock } from '../../state/lock.ts';

/** What a directory of PEM files holds of one name. The values are how the files end. */
export const Kind = {
  KEY: 'key.pem',
  PUBLIC_KEY: 'pub.pem',
  CERTIFICATE: 'crt.pem',
  REQUEST: 'csr.pem',
  CRL: 'crl.pem',
  /** What a CA has issued and revoked, JSON. */
  LEDGER: 'ledger.json',
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** One file to be written. */
export interface Sheet {
  readonly name: string;
  readonly kind: Kind;
  readonly text: string;
}

const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const FILE_OCTETS_MAX = 4 * 1024 * 1024;

/**
 * A directory of PEM files, `NAME.key.pem` and so on. Files appear whole or not at all; what is there is overwritten only when
 * that was asked for. Keys are for their owner alone. All that can go wrong is a `Failure`.
 */
export class Store {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  fileOf(name: string, kind: Kind): string {
    return join(this.path, `${checkedName(name)}.${kind}`);
  }

  has(name: string, kind: Kind): boolean {
    return existsSync(this.fileOf(name, kind));
  }

  /** Null where there is none. */
  read(name: string, kind: Kind): string | null {
    const file = this.fileOf(name, kind);
    return existsSync(file) ? readText(file) : null;
  }

  /** Names that there is something of, sorted, with what there is. */
  entries(): readonly { readonly name: string; readonly kinds: readonly Kind[] }[] {
    const kinds = Object.values(Kind);
    const found = new Map<string, Kind[]>();
    for (const file of existsSync(this.path) ? readdirSync(this.path).sort() : []) {
      const kind = kinds.find(ending => file.endsWith(`.${ending}`));
      if (kind === undefined || file.startsWith('.')) continue;
      const name = file.slice(0, -kind.length - 1);
      found.set(name, [...(found.get(name) ?? []), kind]);
    }
    return [...found].map(([name, of]) => ({ name, kinds: of }));
  }

  /** Refuses before the first is written where one is there and must not be overwritten. */
  write(sheets: readonly Sheet[], mayOverwrite: boolean): void {
    const taken = sheets.find(({ name, kind }) => this.has(name, kind));
    if (taken !== undefined && !mayOverwrite) throw exists(this.fileOf(taken.name, taken.kind));
    this.#makeDirectory();
    for (const sheet of sheets) this.#writeOne(sheet, mayOverwrite);
  }

  /** What `change` makes of a CA's ledger, while nobody else changes it. */
  async changing<T>(name: string, change: () => T): Promise<T> {
    const lock = await tryLock(this.path, `pki ${name}`);
    if (lock === null) throw machineCannot(`somebody else is just changing ${name}`, 'try again');
    try {
      return change();
    } finally {
      lock.release();
    }
  }

  #makeDirectory(): void {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  #writeOne({ name, kind, text }: Sheet, mayOverwrite: boolean): void {
    const file = this.fileOf(name, kind);
    const temporary = join(this.path, `.${name}.${kind}.${process.pid}`);
    const mode = kind === Kind.KEY ? SECRET_MODE : PUBLIC_MODE;
    try {
      const descriptor = openSync(temporary, 'wx', mode);
      try {
        chmodSync(temporary, mode); // whatever the umask takes away
        writeSync(descriptor, text);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      // A link fails where a rename would overwrite.
      if (mayOverwrite) renameSync(temporary, file);
      else linkSync(temporary, file);
    } catch (error) {
      throw errorCode(error) === 'EEXIST' ? exists(file) : cannotWrite(file, error);
    } finally {
      rmSync(temporary, { force: true });
    }
  }
}

/** A file's text. A `Failure` where it cannot be read, or is larger than anything of this kind. */
export function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > FILE_OCTETS_MAX) throw badInput(`${file} is too large to be a key or a certificate`, null);
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw badInput(`${file} cannot be read (${code})`, code === 'EACCES' ? 'see its owner and mode' : null);
  }
}

/** Names become file names. */
export function checkedName(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*$/i.test(name) && name.length <= 64) return name;
  throw badInput(
    `"${name.slice(0, 64)}" cannot be a name`,
    'use letters, digits, hyphens and points: alice, charles-ca',
  );
}

function exists(file: string): Error {
  return badInput(`${file} is there already`, 'choose another name, or overwrite it with --force');
}

function cannotWrite(file: string, error: unknown): Error {
  const code = errorCode(error);
  return code === null && error instanceof Error ? error : machineCannot(`${file} cannot be written (${code})`, null);
}
