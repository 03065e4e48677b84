import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import { parseIdentity } from '../../../engine/ike/identity.ts';
import { certifies } from '../../../engine/ike/v2/certificate-identity.ts';
import { type Certificate, serialText } from '../../../engine/pki/certificate.ts';
import { readableTime } from '../../../engine/wire/der-time.ts';
import { encodeOcspError, encodeOcspResponse } from '../../../engine/pki/encode-ocsp.ts';
import { type CertId, certIdOf, certIdsEqual, parseOcspRequest } from '../../../engine/pki/ocsp-request.ts';
import { describeProblem } from '../../../engine/pki/path-problem.ts';
import { isSelfSigned } from '../../../engine/pki/signature-check.ts';
import { STRENGTH_FLOOR } from '../../../engine/pki/strength.ts';
import { validatePath } from '../../../engine/pki/validate.ts';
import type { RevocationPolicy } from '../../../engine/pki/revocation.ts';
import { badInput, errorCode, ExitCode, machineCannot } from '../../state/failure.ts';
import { type CommandContext, examples } from '../command.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { AT_OPTION, type CommonOptions, daysOption, type LifeOptions, momentOf, secondsOf } from './arguments.ts';
import { describe, describeJson, keyText, nameText } from './describe.ts';
import { authorityNamed, certificatesIn, chainOf, documentsNamed, privateKeyNamed } from './documents.ts';
import { readLedger } from './ledger.ts';
import { Kind, Store } from './store.ts';
import { keyOf } from '../../../engine/pki/certificate-key.ts';

const OCSP_DAYS = 1;

/** `lab pki show`, `list`, `verify` and `ocsp`: what changes nothing. */
export function defineLooking(pki: Command, context: CommandContext): void {
  const { terminal } = context;
  pki
    .command('show')
    .summary('what is in a certificate, request, CRL or key')
    .description('Show what PEM files or names of the directory hold. Of a private key, its public half.')
    .argument('<what...>', 'files, or names')
    .addHelpText('after', examples(['lab pki show alice', 'lab pki show peer.pem --json']))
    .action((what: string[], _: unknown, command: Command) => show(what, command.optsWithGlobals(), terminal));

  pki
    .command('list')
    .summary('what there is, and until when')
    .description('List what the directory holds, and what its authorities say of it.')
    .addHelpText('after', examples(['lab pki list', 'lab pki list --dir /etc/pki --json']))
    .action((_: unknown, command: Command) => list(command.optsWithGlobals(), terminal));

  pki
    .command('verify')
    .summary('whether a certificate would be believed')
    .description(
      'Judge a certificate as IKE would: its path to an authority, validity, names, what its key is for, revocation by the CRLs at hand. Nothing is fetched. Exit status 1 when it would not be believed.',
    )
    .argument('<what>', 'a file, or a name')
    .option('--anchor <what...>', 'whom to trust, by file or name; all roots of the directory where it is absent')
    .option('--trust <what...>', 'certificates that are trusted as they are')
    .option('--chain <what...>', 'further certificates between the two')
    .option('--crl <what...>', 'further CRLs')
    .option('--revocation <policy>', 'strict, ifUri or relaxed', 'relaxed')
    .option('--identity <id>', 'whom it has to certify: alice.lab, 192.0.2.1, "CN=alice, O=Lab"')
    .option(...AT_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab pki verify alice --identity alice.lab',
        'lab pki verify peer.pem --anchor charles --at 2030-01-01',
      ]),
    )
    .action((what: string, _: unknown, command: Command) => verify(what, command.optsWithGlobals(), context));

  daysOption(pki.command('ocsp').summary('answer an OCSP request'), OCSP_DAYS)
    .description('Answer an OCSP request (DER) in the name of an authority, from what it has issued and revoked.')
    .argument('<ca>')
    .requiredOption('--request <file>', 'the request')
    .requiredOption('--out <file>', 'where the response goes')
    .option(
      '--signer <name>',
      'who answers for the authority (lab pki issue --ocsp-signing); itself where it is absent',
    )
    .addHelpText('after', examples(['lab pki ocsp charles --request request.der --out response.der']))
    .action((ca: string, _: unknown, command: Command) => answerOcsp(ca, command.optsWithGlobals(), terminal));
}

function show(what: readonly string[], { dir, json }: CommonOptions, terminal: Terminal): void {
  const store = new Store(dir);
  const documents = what.flatMap(argument => documentsNamed(store, argument));
  if (json) return terminal.data(JSON.stringify(documents.map(describeJson)));
  for (const [i, document] of documents.entries()) {
    const { title, lines } = describe(document);
    if (i > 0) terminal.data('');
    terminal.data(terminal.style.bold(title));
    for (const [heading, value] of lines) terminal.data(`  ${heading.padEnd(19)} ${value}`);
  }
}

function list({ dir, json }: CommonOptions, terminal: Terminal): void {
  const store = new Store(dir);
  const entries = store.entries();
  const revoked = new Set(
    entries
      .filter(({ kinds }) => kinds.includes(Kind.LEDGER))
      .flatMap(({ name }) => readLedger(store, name).issued)
      .flatMap(({ serial, revoked }) => (revoked === null ? [] : [serial])),
  );
  const rows = entries.map(({ name, kinds }) => rowOf(store, name, kinds, revoked));
  if (json) return terminal.data(JSON.stringify(rows));
  if (rows.length === 0) return terminal.note(`${dir} has no keys and no certificates: lab pki ca charles makes a CA`);
  const headings = ['NAME', 'WHAT', 'SUBJECT', 'KEY', 'VALID UNTIL', 'STATE'];
  const cells = rows.map(({ name, what, subject, key, validUntil, state }) => [
    name,
    what,
    subject,
    key,
    validUntil,
    state,
  ]);
  for (const line of table(headings, cells)) terminal.data(line);
}

function rowOf(store: Store, name: string, kinds: readonly Kind[], revoked: ReadonlySet<string>) {
  const [certificate] = kinds.includes(Kind.CERTIFICATE) ? chainOf(store, name) : [];
  const rest = { name, hasKey: kinds.includes(Kind.KEY) };
  if (certificate === undefined) {
    const what = kinds.includes(Kind.REQUEST) ? 'request' : kinds.includes(Kind.CRL) ? 'CRL' : 'key';
    return { ...rest, what, subject: '', key: '', validUntil: '', state: '' };
  }
  const isCa = certificate.extensions.basicConstraints?.isCa === true;
  const isOwn = isSelfSigned(certificate, STRENGTH_FLOOR);
  return {
    ...rest,
    what: isCa ? (isOwn ? 'root CA' : 'CA') : isOwn ? 'self-signed' : 'certificate',
    subject: nameText(certificate.subject),
    key: keyText(keyOf(certificate)),
    validUntil: readableTime(certificate.notAfter),
    state: stateOf(certificate, revoked),
  };
}

function stateOf({ serial, notAfter, notBefore }: Certificate, revoked: ReadonlySet<string>): string {
  const now = momentOf(undefined);
  if (revoked.has(serialText(serial))) return 'revoked';
  if (notAfter < now) return 'expired';
  return notBefore > now ? 'not yet valid' : 'good';
}

interface VerifyOptions extends CommonOptions {
  readonly anchor?: readonly string[];
  readonly trust?: readonly string[];
  readonly chain?: readonly string[];
  readonly crl?: readonly string[];
  readonly revocation: string;
  readonly identity?: string;
  readonly at?: string;
}

function verify(what: string, options: VerifyOptions, { terminal, exit }: CommandContext): void {
  const store = new Store(options.dir);
  const documents = documentsNamed(store, what);
  const [leaf, ...sent] = certificatesIn(documents);
  if (leaf === undefined) throw badInput(`${what} has no certificate in it`, null);
  const named = (list: readonly string[] | undefined) =>
    (list ?? []).flatMap(argument => documentsNamed(store, argument));
  const all = store.entries().flatMap(({ name }) => chainOf(store, name).slice(0, 1));
  const authorities = all.filter(({ extensions }) => extensions.basicConstraints?.isCa === true);
  const roots = authorities.filter(certificate => isSelfSigned(certificate, STRENGTH_FLOOR));
  const own = store
    .entries()
    .flatMap(({ name, kinds }) => (kinds.includes(Kind.CRL) ? [store.fileOf(name, Kind.CRL)] : []));
  const result = validatePath({
    leaf,
    intermediates: [...sent, ...certificatesIn(named(options.chain)), ...authorities],
    anchors: options.anchor === undefined ? roots : certificatesIn(named(options.anchor)),
    trusted: certificatesIn(named(options.trust)),
    at: momentOf(options.at),
    revocation: {
      policy: policyOf(options.revocation),
      crls: [...own.flatMap(file => documentsNamed(store, file)), ...named(options.crl)].flatMap(document =>
        document.kind === 'crl' ? [document.crl] : [],
      ),
      nonce: null,
      fetched: () => null,
    },
  });
  const problem = result.kind === 'invalid' ? describeProblem(result.problem) : identityProblem(leaf, options.identity);
  if (problem !== null) exit(ExitCode.CHECK_FAILED);
  const path = result.kind === 'valid' ? result.path.map(({ subject }) => nameText(subject)) : [];
  const isRevocationKnown = result.kind === 'valid' && result.isRevocationKnown;
  if (options.json) return terminal.data(JSON.stringify({ ok: problem === null, problem, path, isRevocationKnown }));
  if (problem !== null) return terminal.data(`${terminal.style.cross} ${problem}`);
  terminal.data(`${terminal.style.tick} ${path.join(' <- ')}`);
  if (!isRevocationKnown && path.length > 1) terminal.note('no CRL at hand says that none of them is revoked');
}

function policyOf(text: string): RevocationPolicy {
  if (text === 'strict' || text === 'ifUri' || text === 'relaxed') return text;
  throw badInput(`"${text}" is no policy`, 'strict, ifUri or relaxed');
}

function identityProblem(leaf: Certificate, text: string | undefined): string | null {
  if (text === undefined) return null;
  const identity = parseIdentity(text);
  if (identity === null) throw badInput(`"${text}" is no identity`, 'write alice.lab, 192.0.2.1, a@lab or "CN=alice"');
  return certifies(leaf, identity) ? null : `${nameText(leaf.subject)} is not certified to be ${text}`;
}

interface OcspOptions extends CommonOptions, LifeOptions {
  readonly request: string;
  readonly out: string;
  readonly signer?: string;
}

function answerOcsp(ca: string, { dir, days, request, out, signer, json }: OcspOptions, terminal: Terminal): void {
  const store = new Store(dir);
  const authority = authorityNamed(store, ca);
  const responder = signer === undefined ? authority : responderNamed(store, signer);
  const issued = readLedger(store, ca).issued;
  const question = parseOcspRequest(readOctets(request));
  const thisUpdate = momentOf(undefined);
  const answers = (question?.ids ?? []).map(id => {
    const entry = isOf(id, authority.certificate)
      ? issued.find(({ serial }) => serial === serialText(id.serial))
      : undefined;
    return { id, status: entry === undefined ? ('unknown' as const) : (entry.revoked ?? ('good' as const)) };
  });
  const order = {
    answers,
    thisUpdate,
    nextUpdate: thisUpdate + secondsOf(days, OCSP_DAYS),
    nonce: question?.nonce ?? null,
  };
  const response =
    question === null
      ? encodeOcspError('malformedRequest')
      : encodeOcspResponse(order, responder, signer !== undefined, createSystemRandom());
  writeOctets(out, response);
  const said = answers.map(({ id, status }) => ({
    serial: serialText(id.serial),
    status: typeof status === 'string' ? status : 'revoked',
  }));
  if (json) return terminal.data(JSON.stringify({ file: out, answers: said }));
  for (const { serial, status } of said) terminal.data(`${serial} ${status}`);
  if (question === null) terminal.note(`${request} is no OCSP request: the response says malformedRequest`);
}

function responderNamed(store: Store, name: string) {
  const [certificate] = chainOf(store, name);
  if (certificate === undefined)
    throw badInput(`there is no certificate ${name}`, `lab pki issue ${name} --ocsp-signing`);
  return { certificate, key: privateKeyNamed(store, name) };
}

function isOf(id: CertId, issuer: Certificate): boolean {
  return certIdsEqual(certIdOf({ ...issuer, issuer: issuer.subject, serial: id.serial }, issuer, id.hash), id);
}

function readOctets(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw badInput(`${file} cannot be read (${errorCode(error)})`, null);
  }
}

function writeOctets(file: string, octets: Uint8Array): void {
  try {
    writeFileSync(file, octets);
  } catch (error) {
    throw machineCannot(`${file} cannot be written (${errorCode(error)})`, null);
  }
}
