import type { Command } from 'commander';
import { formatPem, parsePem } from '../../../engine/crypto/pem.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { Certificate } from '../../../engine/pki/certificate.ts';
import { encodeCrl } from '../../../engine/pki/encode-crl.ts';
import {
  type CertificateRole,
  type IssueOrder,
  issueCertificate,
  PLAIN_END,
  PLAIN_ORDER,
} from '../../../engine/pki/issue.ts';
import { Oid } from '../../../engine/pki/oid.ts';
import { type CertificateRequest, parseCertificateRequest } from '../../../engine/pki/request.ts';
import { isSelfSigned, isSignedByItself } from '../../../engine/pki/signature-check.ts';
import { STRENGTH_FLOOR } from '../../../engine/pki/strength.ts';
import { decodeCertificateList } from '../../../engine/pki/crl.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { badInput } from '../../state/failure.ts';
import type { CommandContext } from '../command.ts';
import { examples } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import {
  ALT_OPTION,
  AT_OPTION,
  altNamesOf,
  beginningOf,
  type CommonOptions,
  DAY_SECONDS,
  daysOption,
  FORCE_OPTION,
  KEY_OPTION,
  type KeyOptions,
  type LifeOptions,
  lifeOptions,
  momentOf,
  type NameOptions,
  reasonOf,
  schemeOfText,
  secondsOf,
  SIGN_OPTION,
  SUBJECT_OPTION,
  subjectOf,
} from './arguments.ts';
import { authorityNamed, certificateSheet, documentsNamed, keySheet } from './documents.ts';
import { type Ledger, readLedger, serialOctets, withIssued, writeLedger } from './ledger.ts';
import { caOptions, type CaOptions, caRole, mustBeIssued, newKey, tell } from './make.ts';
import { Kind, Store } from './store.ts';

interface IssueOptions extends KeyOptions, NameOptions, LifeOptions {
  readonly ca: string;
  readonly request?: string;
  readonly crl?: readonly string[];
  readonly ocsp?: readonly string[];
  readonly ike?: true;
  readonly ocspSigning?: true;
}

const CA_OPTION = ['--ca <name>', 'which authority of the directory issues'] as const;
const CRL_OPTION = ['--crl <url...>', 'where the CRL of the authority will be'] as const;
const OCSP_OPTION = ['--ocsp <url...>', 'where OCSP is answered'] as const;

const CA_DAYS = 1825;
const END_DAYS = 365;
const CRL_DAYS = 7;

/** `lab pki intermediate`, `issue`, `revoke` and `crl`: what an authority does. */
export function defineIssuing(pki: Command, context: CommandContext): void {
  const { terminal } = context;
  const intermediate = caOptions(pki.command('intermediate').summary('make an authority below another'));
  lifeOptions(intermediate, CA_DAYS)
    .description('Make a certificate authority that another one certifies.')
    .requiredOption(...CA_OPTION)
    .option(...CRL_OPTION)
    .option(...OCSP_OPTION)
    .addHelpText('after', examples(['lab pki intermediate branch --ca charles --path-length 0 --permit dns:lab']))
    .action((name: string, _: unknown, command: Command) => {
      const options: IssueOptions & CaOptions = command.optsWithGlobals();
      return issue(name, caRole(options), options, terminal);
    });

  const end = pki.command('issue').summary('issue a certificate');
  lifeOptions(end, END_DAYS)
    .description(
      'Issue a certificate for a request (--request), or for a new key. What a verifier would not believe is not issued: weak keys, names or a validity that the authority does not have. NAME.crt.pem has the certificate first and the authorities between it and the root behind it.',
    )
    .argument('<name>')
    .requiredOption(...CA_OPTION)
    .option(
      '--request <file>',
      'a request, by file or name; its names are taken unless --subject or --alt say otherwise',
    )
    .addOption(KEY_OPTION)
    .option(...SUBJECT_OPTION)
    .option(...ALT_OPTION)
    .option(...SIGN_OPTION)
    .option(...CRL_OPTION)
    .option(...OCSP_OPTION)
    .option('--ike', 'mark it for IKE (extendedKeyUsage; RFC 4945 does not recommend it)')
    .option('--ocsp-signing', 'let it answer OCSP for the authority')
    .option(...FORCE_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab pki issue alice --ca charles --alt alice.lab 1.2.3.4',
        'lab pki issue alice --ca charles --not-before simulated',
        'lab pki issue bob --ca charles --request bob.csr.pem --days 90',
      ]),
    )
    .action((name: string, _: unknown, command: Command) => {
      const options: IssueOptions = command.optsWithGlobals();
      return issue(name, endRole(options), options, terminal);
    });

  const revocation = pki.command('revoke').summary('revoke a certificate');
  revocation
    .description('Note that a certificate is not good any more. The next CRL says so, and OCSP at once.')
    .argument('<name>', 'as it was issued, or its serial number')
    .requiredOption(...CA_OPTION)
    .option('--reason <reason>', 'keyCompromise, superseded, cessationOfOperation…', 'unspecified')
    .option(...AT_OPTION)
    .addHelpText('after', examples(['lab pki revoke alice --ca charles --reason keyCompromise']))
    .action((name: string, _: unknown, command: Command) => revoke(name, command.optsWithGlobals(), terminal));

  const crl = pki.command('crl').summary('make a revocation list');
  daysOption(crl, CRL_DAYS)
    .description(
      'Make the CRL of an authority, CA.crl.pem: all certificates that it has revoked. The one before is replaced.',
    )
    .argument('<ca>')
    .option(...AT_OPTION)
    .addHelpText('after', examples(['lab pki crl charles --days 1']))
    .action((ca: string, _: unknown, command: Command) => makeCrl(ca, command.optsWithGlobals(), terminal));
}

function endRole({ ike, ocspSigning }: IssueOptions): CertificateRole {
  if (ocspSigning === true) return { kind: 'ocsp' };
  return ike === true ? { kind: 'end', keyUsage: [0], extendedKeyUsage: [Oid.KP_IPSEC_IKE] } : PLAIN_END;
}

async function issue(name: string, role: CertificateRole, options: IssueOptions, terminal: Terminal): Promise<void> {
  const store = new Store(options.dir);
  const authority = authorityNamed(store, options.ca);
  const request = options.request === undefined ? null : requestNamed(store, options.request);
  const key = request === null ? newKey(options.key) : null;
  const spki = request?.spki ?? key?.public.spki ?? new Uint8Array(0);
  const order = orderOf(name, role, request, options, authority.certificate);
  const certificate = mustBeIssued(
    issueCertificate(order, spki, authority, createSystemRandom()),
    fixFor(order, authority.certificate),
  );
  const isRoot = isSelfSigned(authority.certificate, STRENGTH_FLOOR);
  const above = isRoot ? [] : authority.chain;
  const sheets = [...(key === null ? [] : [keySheet(name, key)]), certificateSheet(name, [certificate, ...above])];
  await store.changing(options.ca, () => {
    const ledger = readLedger(store, options.ca);
    store.write(sheets, options.force === true);
    writeLedger(store, options.ca, withIssued(ledger, name, certificate));
    if (role.kind === 'ca') writeLedger(store, name, { crlNumber: 0, issued: [] });
  });
  tell(store, sheets, { kind: 'certificate', certificate }, terminal, options.json);
}

function orderOf(
  name: string,
  role: CertificateRole,
  request: CertificateRequest | null,
  options: IssueOptions,
  ca: Certificate,
): IssueOrder {
  const { notBefore, counted } = beginningOf(options);
  const end = counted + secondsOf(options.days, role.kind === 'ca' ? CA_DAYS : END_DAYS);
  const isOwnSubject = request !== null && options.subject === undefined;
  return {
    ...PLAIN_ORDER,
    role,
    subject: isOwnSubject ? request.subject : subjectOf(options.subject, name),
    altNames: options.alt === undefined ? (request?.altNames ?? []) : altNamesOf(options.alt),
    notBefore: Math.max(notBefore, ca.notBefore),
    notAfter: options.days === undefined ? Math.min(end, ca.notAfter) : end,
    crlUris: options.crl ?? [],
    ocspUris: options.ocsp ?? [],
    scheme: schemeOfText(options.sign),
  };
}

function fixFor(order: IssueOrder, { notAfter }: Certificate): string | null {
  if (order.notAfter <= notAfter) return null;
  const days = Math.floor((notAfter - order.notBefore) / DAY_SECONDS);
  return days > 0 ? `ask for --days ${days} at most` : 'make a new authority';
}

function requestNamed(store: Store, argument: string): CertificateRequest {
  const own = /^[\w.-]+$/.test(argument) ? store.read(argument, Kind.REQUEST) : null;
  const fromOwn = own === null ? null : parseCertificateRequest(parsePem(own)[0]?.der ?? new Uint8Array(0));
  const found = fromOwn === null ? documentsNamed(store, argument) : [{ kind: 'request' as const, request: fromOwn }];
  const [first] = found.flatMap(document => (document.kind === 'request' ? [document.request] : []));
  if (first === undefined) throw badInput(`${argument} is no request`, 'make one: lab pki request');
  // It shows that its sender has the key, no more: the certificate is signed anew, and not by SHA-1.
  if (!isSignedByItself(first, { ...STRENGTH_FLOOR, allowsSha1: true })) {
    throw badInput(`the signature of ${argument} is not by its own key`, 'who sent it has to make it anew');
  }
  return first;
}

interface RevokeOptions extends CommonOptions {
  readonly ca: string;
  readonly reason: string;
  readonly at?: string;
}

async function revoke(
  name: string,
  { dir, ca, reason: text, at, json }: RevokeOptions,
  terminal: Terminal,
): Promise<void> {
  const store = new Store(dir);
  const reason = reasonOf(text);
  authorityNamed(store, ca);
  const revoked = await store.changing(ca, () => {
    const ledger = readLedger(store, ca);
    const entry = entryNamed(ledger, name, ca);
    const revocation = { at: momentOf(at), reason };
    const issued = ledger.issued.map(one => (one === entry ? { ...one, revoked: revocation } : one));
    writeLedger(store, ca, { ...ledger, issued });
    return entry;
  });
  if (json) return terminal.data(JSON.stringify({ ca, serial: revoked.serial, subject: revoked.subject, reason }));
  terminal.data(`${revoked.serial} ${revoked.subject}: revoked (${reason})`);
  terminal.note(`publish it: lab pki crl ${ca}`);
}

/** The last of that name that is still good. */
function entryNamed(ledger: Ledger, name: string, ca: string): Ledger['issued'][number] {
  const all = ledger.issued.filter(entry => entry.name === name || entry.serial === name.toLowerCase());
  const found = all.findLast(entry => entry.revoked === null);
  if (found !== undefined) return found;
  if (all.length > 0) throw badInput(`${name} is revoked already`, null);
  const names = ledger.issued.map(entry => entry.name);
  throw badInput(`${ca} has not issued ${name}`, didYouMean(name, names, `${ca} has issued nothing yet`));
}

async function makeCrl(
  ca: string,
  { dir, days, at, json }: CommonOptions & Pick<LifeOptions, 'days'> & { readonly at?: string },
  terminal: Terminal,
): Promise<void> {
  const store = new Store(dir);
  const authority = authorityNamed(store, ca);
  const der = await store.changing(ca, () => {
    const ledger = readLedger(store, ca);
    const number = ledger.crlNumber + 1;
    const now = momentOf(at);
    const revoked = ledger.issued.flatMap(entry =>
      entry.revoked === null ? [] : [{ serial: serialOctets(entry.serial), ...entry.revoked }],
    );
    const order = { revoked, thisUpdate: now, nextUpdate: now + secondsOf(days, CRL_DAYS), number, scheme: null };
    const made = encodeCrl(order, authority, createSystemRandom());
    // The number first: one that is lost does no harm, one that comes twice does.
    writeLedger(store, ca, { ...ledger, crlNumber: number });
    store.write([{ name: ca, kind: Kind.CRL, text: formatPem({ label: 'X509 CRL', der: made }) }], true);
    return made;
  });
  const sheets = [{ name: ca, kind: Kind.CRL, text: '' }];
  tell(store, sheets, { kind: 'crl', crl: decodeCertificateList(der) }, terminal, json);
}
