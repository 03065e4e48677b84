import type { Command } from 'commander';
import { generateKeyPair } from '../../../engine/crypto/generate-key.ts';
import { formatPem, formatPublicKey } from '../../../engine/crypto/pem.ts';
import type { KeyKind, PrivateKey } from '../../../engine/crypto/signature.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { Certificate } from '../../../engine/pki/certificate.ts';
import {
  type CertificateRole,
  type Issued,
  issueSelfSigned,
  PLAIN_END,
  PLAIN_ORDER,
  usualScheme,
} from '../../../engine/pki/issue.ts';
import { encodeCertificateRequest } from '../../../engine/pki/request.ts';
import { badInput } from '../../state/failure.ts';
import type { CommandContext } from '../command.ts';
import { examples } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import {
  ALT_OPTION,
  altNamesOf,
  beginningOf,
  constraintsOf,
  FORCE_OPTION,
  KEY_OPTION,
  type KeyOptions,
  type LifeOptions,
  lifeOptions,
  type NameOptions,
  schemeOfText,
  secondsOf,
  SIGN_OPTION,
  SUBJECT_OPTION,
  subjectOf,
} from './arguments.ts';
import { describeJson } from './describe.ts';
import { certificateSheet, type Document, keySheet } from './documents.ts';
import { writeLedger } from './ledger.ts';
import { Kind, type Sheet, Store } from './store.ts';

const ROOT_DAYS = 3650;
const END_DAYS = 365;

/** `lab pki key`, `self-signed`, `request` and `ca`: what needs nobody else. */
export function defineMaking(pki: Command, context: CommandContext): void {
  const key = pki.command('key').summary('make a key pair, without a certificate');
  key
    .description('Make a key pair: NAME.key.pem (mode 0600) and NAME.pub.pem, which a peer can be given (RFC 7670).')
    .argument('<name>')
    .addOption(KEY_OPTION)
    .option(...FORCE_OPTION)
    .addHelpText('after', examples(['lab pki key alice --key ed25519']))
    .action((name: string, _: unknown, command: Command) => makeKey(name, command.optsWithGlobals(), context.terminal));

  const selfSigned = pki.command('self-signed').summary('make a key pair and its own certificate');
  lifeOptions(selfSigned, END_DAYS)
    .description('Make a key pair with a certificate that it signs itself: to be given to the peer beforehand.')
    .argument('<name>')
    .addOption(KEY_OPTION)
    .option(...SUBJECT_OPTION)
    .option(...ALT_OPTION)
    .option(...SIGN_OPTION)
    .option(...FORCE_OPTION)
    .addHelpText(
      'after',
      examples(['lab pki self-signed alice --key rsa2048 --subject "C=US, O=AliceTech Inc., CN=AliceTech VPN"']),
    )
    .action((name: string, _: unknown, command: Command) =>
      makeSelfSigned(name, PLAIN_END, END_DAYS, command.optsWithGlobals(), context.terminal),
    );

  const request = pki.command('request').summary('make a key pair and a request for a certificate');
  request
    .description('Make a key pair and a request (PKCS #10) that a CA can issue a certificate for.')
    .argument('<name>')
    .addOption(KEY_OPTION)
    .option(...SUBJECT_OPTION)
    .option(...ALT_OPTION)
    .option(...FORCE_OPTION)
    .addHelpText('after', examples(['lab pki request alice --subject "CN=alice, O=Lab" --alt alice.lab']))
    .action((name: string, _: unknown, command: Command) =>
      makeRequest(name, command.optsWithGlobals(), context.terminal),
    );

  const ca = caOptions(pki.command('ca').summary('make a certificate authority'));
  lifeOptions(ca, ROOT_DAYS)
    .description('Make a certificate authority: a key pair and a certificate that others are told to trust.')
    .addHelpText('after', examples(['lab pki ca charles --subject "CN=Charles CA, O=Lab" --key ecdsa384']))
    .action((name: string, _: unknown, command: Command) => {
      const options: KeyOptions & NameOptions & LifeOptions & CaOptions = command.optsWithGlobals();
      makeSelfSigned(name, caRole(options), ROOT_DAYS, options, context.terminal);
    });
}

export interface CaOptions {
  readonly pathLength?: string;
  readonly permit?: readonly string[];
  readonly exclude?: readonly string[];
}

/** What a CA, root or not, may be told. */
export function caOptions(command: Command): Command {
  return command
    .argument('<name>')
    .addOption(KEY_OPTION)
    .option(...SUBJECT_OPTION)
    .option('--path-length <count>', 'how many CAs may stand below it')
    .option('--permit <name...>', 'what alone it may certify: dns:lab, email:lab, ip:10.0.0.0/8, "dn:O=Lab"')
    .option('--exclude <name...>', 'what it may not certify')
    .option(...SIGN_OPTION)
    .option(...FORCE_OPTION);
}

export function caRole({ pathLength, permit, exclude }: CaOptions): CertificateRole {
  if (pathLength !== undefined && !/^\d{1,2}$/.test(pathLength)) {
    throw badInput(`"${pathLength}" is no path length`, 'give 0 for a CA that has no CA below it');
  }
  const constraints = { permitted: constraintsOf(permit), excluded: constraintsOf(exclude) };
  const isConstrained = constraints.permitted.length + constraints.excluded.length > 0;
  const limit = pathLength === undefined ? null : Number(pathLength);
  return { kind: 'ca', pathLength: limit, nameConstraints: isConstrained ? constraints : null };
}

/** A certificate, or the reason as the user's to put right. */
export function mustBeIssued(issued: Issued, fix: string | null): Certificate {
  if (issued.kind === 'issued') return issued.certificate;
  throw badInput(`not issued: ${issued.why}`, fix);
}

export function newKey(kind: KeyKind): PrivateKey {
  return generateKeyPair(kind, createSystemRandom());
}

/** Says which files there are now. */
export function tell(
  store: Store,
  sheets: readonly Sheet[],
  document: Document,
  terminal: Terminal,
  json: true | undefined,
): void {
  const files = sheets.map(({ name, kind }) => store.fileOf(name, kind));
  if (json) return terminal.data(JSON.stringify({ files, ...describeJson(document) }));
  for (const file of files) terminal.data(file);
}

function makeKey(name: string, { dir, key: kind, force, json }: KeyOptions, terminal: Terminal): void {
  const store = new Store(dir);
  const key = newKey(kind);
  const sheets = [keySheet(name, key), { name, kind: Kind.PUBLIC_KEY, text: formatPublicKey(key.public) }];
  store.write(sheets, force === true);
  tell(store, sheets, { kind: 'privateKey', key }, terminal, json);
}

function makeSelfSigned(
  name: string,
  role: CertificateRole,
  days: number,
  options: KeyOptions & NameOptions & LifeOptions,
  terminal: Terminal,
): void {
  const store = new Store(options.dir);
  const { notBefore, counted } = beginningOf(options);
  const order = {
    ...PLAIN_ORDER,
    role,
    subject: subjectOf(options.subject, name),
    altNames: altNamesOf(options.alt),
    notBefore,
    notAfter: counted + secondsOf(options.days, days),
    scheme: schemeOfText(options.sign),
  };
  const key = newKey(options.key);
  const certificate = mustBeIssued(issueSelfSigned(order, key, createSystemRandom()), null);
  const sheets = [keySheet(name, key), certificateSheet(name, [certificate])];
  store.write(sheets, options.force === true);
  if (role.kind === 'ca') writeLedger(store, name, { crlNumber: 0, issued: [] });
  tell(store, sheets, { kind: 'certificate', certificate }, terminal, options.json);
}

function makeRequest(name: string, options: KeyOptions & NameOptions, terminal: Terminal): void {
  const store = new Store(options.dir);
  const wanted = { subject: subjectOf(options.subject, name), altNames: altNamesOf(options.alt) };
  const key = newKey(options.key);
  const der = encodeCertificateRequest(wanted, key, usualScheme(key.public), createSystemRandom());
  const request = { name, kind: Kind.REQUEST, text: formatPem({ label: 'CERTIFICATE REQUEST', der }) };
  const sheets = [keySheet(name, key), request];
  store.write(sheets, options.force === true);
  tell(store, sheets, { kind: 'privateKey', key }, terminal, options.json);
}
