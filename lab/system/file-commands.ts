import { complain, done, say, stepPlan, wrong } from './effect.ts';
import {
  absolutePath,
  baseOf,
  type FileEntry,
  type Files,
  type FilesChange,
  fileErrorText,
  makeDirectory,
  namesIn,
  parentOf,
  readFile,
  removePath,
  writeFile,
} from './files.ts';
import { hasOption, type Options, readOptions } from './options.ts';
import type { System, SystemEffect, SystemPlan, SystemStep } from './system.ts';
import { dateText } from './time-text.ts';

/** Commands about files, each with its options. `argv` without its name. */
export const FILE_COMMANDS: Readonly<Record<string, (argv: readonly string[]) => SystemPlan>> = {
  cat: argv => {
    const options = optionsOf(argv, 'u');
    if (options === null) return wrong('usage: cat [file ...]');
    if (options.operands.length === 0) return { kind: 'reads', stepFor: input => system => say(system, text(input)) };
    return stepPlan(system => cat(system, options.operands));
  },
  tee: argv => {
    const options = optionsOf(argv, 'ai');
    if (options === null) return wrong('usage: tee [-a] [file ...]');
    return { kind: 'reads', stepFor: input => tee(input, options) };
  },
  ls: argv => {
    const options = optionsOf(argv, 'la1dh');
    return options === null ? wrong('usage: ls [-la] [file ...]') : stepPlan(system => ls(system, options));
  },
  cp: argv => {
    const options = optionsOf(argv, 'fp');
    if (options === null || options.operands.length < 2) return wrong('usage: cp source ... target');
    return stepPlan((system, { unixSeconds }) => cp(system, options.operands, unixSeconds));
  },
  mv: argv => {
    const options = optionsOf(argv, 'f');
    if (options === null || options.operands.length !== 2) return wrong('usage: mv source target');
    return stepPlan((system, { unixSeconds }) => {
      const copied = cp(system, options.operands, unixSeconds);
      const source = absolutePath(options.operands[0] ?? '');
      if (copied.exitStatus !== 0) return { ...copied, stderr: copied.stderr.replace(/^cp:/gm, 'mv:') };
      return changed(copied.system, removePath(copied.system.files, source, { withContent: false }), 'mv', source);
    });
  },
  rm: argv => {
    const options = optionsOf(argv, 'rRf');
    if (options === null || options.operands.length === 0) return wrong('usage: rm [-rf] file ...');
    return stepPlan(system => rm(system, options));
  },
  mkdir: argv => {
    const options = optionsOf(argv, 'pm:');
    if (options === null || options.operands.length === 0) return wrong('usage: mkdir [-p] directory ...');
    const withParents = hasOption(options, 'p');
    return stepPlan((system, { unixSeconds }) =>
      each(system, options.operands, (now, path) =>
        changed(now, makeDirectory(now.files, absolutePath(path), unixSeconds, { withParents }), 'mkdir', path),
      ),
    );
  },
  chmod: argv => {
    const [mode = '', ...paths] = argv;
    if (!/^[0-7]{3,4}$/.test(mode) || paths.length === 0) return wrong('usage: chmod <octal mode> file ...');
    return stepPlan(system => each(system, paths, (now, path) => chmod(now, path, Number.parseInt(mode, 8))));
  },
};

/** The operands of a command about files that are paths; null: options that it does not have. */
export function pathsOf(name: string, argv: readonly string[]): readonly string[] {
  const operands = argv.filter(word => !/^-./.test(word));
  return name === 'chmod' ? operands.slice(1) : operands;
}

function optionsOf(argv: readonly string[], known: string): Options | null {
  const reading = readOptions(argv, known);
  return reading.kind === 'read' ? reading.options : null;
}

function cat(system: System, paths: readonly string[]): SystemEffect {
  return each(system, paths, (now, path) => {
    const octets = readFile(now.files, absolutePath(path));
    return octets === null ? unreadable(now, 'cat', path) : say(now, text(octets));
  });
}

function tee(input: Uint8Array, options: Options): SystemStep {
  return (system, { unixSeconds }) => {
    const written = each(system, options.operands, (now, path) => {
      const whole = absolutePath(path);
      const before = hasOption(options, 'a') ? (readFile(now.files, whole) ?? new Uint8Array()) : new Uint8Array();
      const octets = new Uint8Array([...before, ...input]);
      return changed(now, writeFile(now.files, whole, octets, unixSeconds), 'tee', path);
    });
    return { ...written, stdout: text(input) };
  };
}

function ls(system: System, options: Options): SystemEffect {
  const isLong = hasOption(options, 'l');
  const paths = options.operands.length === 0 ? ['.'] : options.operands;
  return each(system, paths, (now, path) => {
    const whole = absolutePath(path);
    const entry = now.files.get(whole);
    if (entry === undefined) return complain(now, `${path}: ${fileErrorText('ENOENT')}`, 2);
    const isListed = entry.kind === 'directory' && !hasOption(options, 'd');
    const listed = isListed
      ? namesIn(now.files, whole).map(
          name => [name, now.files.get(whole === '/' ? `/${name}` : `${whole}/${name}`)] as const,
        )
      : [[path, entry] as const];
    const heading = paths.length > 1 && isListed ? `${path}:\n` : '';
    const lines = listed.map(([name, own]) => (isLong && own !== undefined ? longLine(name, own) : `${name}\n`));
    return say(now, `${heading}${isLong && isListed ? `total ${listed.length}\n` : ''}${lines.join('')}`);
  });
}

function longLine(name: string, entry: FileEntry): string {
  const letters = ['r', 'w', 'x'];
  const mode = [6, 3, 0].flatMap(shift =>
    letters.map((letter, i) => ((entry.mode >> shift) & (4 >> i) ? letter : '-')),
  );
  const size = entry.kind === 'file' ? entry.octets.length : 2;
  const type = entry.kind === 'directory' ? 'd' : '-';
  const date = dateText(entry.modifiedSeconds);
  return `${type}${mode.join('')}   1 root     root     ${String(size).padStart(7)} ${date} ${name}\n`;
}

function cp(system: System, paths: readonly string[], unixSeconds: number): SystemEffect {
  const target = absolutePath(paths.at(-1) ?? '');
  const isDirectory = system.files.get(target)?.kind === 'directory';
  if (paths.length > 2 && !isDirectory) return complain(system, `cp: ${paths.at(-1)}: ${fileErrorText('ENOTDIR')}`);
  return each(system, paths.slice(0, -1), (now, path) => {
    const source = absolutePath(path);
    const octets = readFile(now.files, source);
    if (octets === null) return unreadable(now, 'cp', path);
    const to = isDirectory ? `${target === '/' ? '' : target}/${baseOf(source)}` : target;
    return changed(now, writeFile(now.files, to, octets, unixSeconds), 'cp', to);
  });
}

function rm(system: System, options: Options): SystemEffect {
  const withContent = hasOption(options, 'r') || hasOption(options, 'R');
  return each(system, options.operands, (now, path) => {
    const whole = absolutePath(path);
    const entry = now.files.get(whole);
    if (entry === undefined && hasOption(options, 'f')) return done(now);
    if (entry?.kind === 'directory' && !withContent) return complain(now, `rm: ${path} is a directory`);
    if (whole === '/' || parentOf(whole) === '/') return complain(now, `rm: ${path}: the system needs it`);
    return changed(now, removePath(now.files, whole, { withContent }), 'rm', path);
  });
}

function chmod(system: System, path: string, mode: number): SystemEffect {
  const whole = absolutePath(path);
  const entry = system.files.get(whole);
  if (entry === undefined) return complain(system, `chmod: ${path}: ${fileErrorText('ENOENT')}`);
  const files: Files = new Map(system.files).set(whole, { ...entry, mode: mode & 0o777 });
  return done({ ...system, files });
}

/** One after the other, all of them, whatever comes of the first. */
function each(
  system: System,
  paths: readonly string[],
  run: (system: System, path: string) => SystemEffect,
): SystemEffect {
  let sum = done(system);
  for (const path of paths) {
    const next = run(sum.system, path);
    sum = {
      system: next.system,
      actions: [],
      stdout: sum.stdout + next.stdout,
      stderr: sum.stderr + next.stderr,
      exitStatus: Math.max(sum.exitStatus, next.exitStatus),
    };
  }
  return sum;
}

function changed(system: System, change: FilesChange, command: string, path: string): SystemEffect {
  if (change.kind === 'failed') return complain(system, `${command}: ${path}: ${fileErrorText(change.error)}`);
  return done({ ...system, files: change.files });
}

function unreadable(system: System, command: string, path: string): SystemEffect {
  const isDirectory = system.files.get(absolutePath(path))?.kind === 'directory';
  return complain(system, `${command}: ${path}: ${fileErrorText(isDirectory ? 'EISDIR' : 'ENOENT')}`);
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8');
