import type { NameConstraints } from './extension.ts';
import type { GeneralName } from './general-name.ts';
import { attributeText, isWithin, parseName } from './name.ts';
import { Oid } from './oid.ts';

/** A name that a CA above it did not allow, and whether by leaving it out or by naming it. */
export interface ForbiddenName {
  readonly name: GeneralName;
  readonly why: 'excluded' | 'notPermitted' | 'unsupported';
}

/**
 * The first name of a certificate that the constraints of a CA above it forbid, RFC 5280 §4.2.1.10 and §6.1.4; null: none. Names
 * of a kind that a constraint is about and that we cannot compare are forbidden.
 */
export function forbiddenName(names: readonly GeneralName[], constraints: NameConstraints): ForbiddenName | null {
  for (const name of names) {
    const excluded = constraints.excluded.filter(base => isAbout(base, name));
    const permitted = constraints.permitted.filter(base => isAbout(base, name));
    const verdicts = [...excluded, ...permitted].map(base => covers(base, name));
    if (verdicts.includes(null)) return { name, why: 'unsupported' };
    if (verdicts.slice(0, excluded.length).includes(true)) return { name, why: 'excluded' };
    if (permitted.length > 0 && !verdicts.slice(excluded.length).includes(true)) return { name, why: 'notPermitted' };
  }
  return null;
}

/** What constraints are about: the subject unless it is empty, mail addresses in it (RFC 5280 §4.2.1.10), alternative names. */
export function constrainedNames(subject: Uint8Array, altNames: readonly GeneralName[]): readonly GeneralName[] {
  const rdns = parseName(subject) ?? [];
  // Also beside an alternative name: a constraint that could be got around by writing the address elsewhere would be none.
  const mails = rdns
    .flat()
    .filter(({ type }) => type === Oid.EMAIL_ADDRESS)
    .map(attribute => attributeText(attribute) ?? '');
  return [
    ...(rdns.length > 0 ? [{ kind: 'directory' as const, name: subject }] : []),
    ...mails.map(text => ({ kind: 'email' as const, text })),
    ...altNames,
  ];
}

function isAbout(base: GeneralName, name: GeneralName): boolean {
  if (base.kind === 'other' && name.kind === 'other') return base.number === name.number;
  return base.kind === name.kind;
}

/** Null: nobody can tell, for want of a host in the name, or because it is of a kind that we do not know. */
function covers(base: GeneralName, name: GeneralName): boolean | null {
  if (base.kind === 'directory' && name.kind === 'directory') {
    const [subtree, whole] = [parseName(base.name), parseName(name.name)];
    return subtree === null || whole === null ? null : isWithin(subtree, whole);
  }
  if (base.kind === 'ip' && name.kind === 'ip') return coversAddress(base.octets, name.octets);
  if (base.kind === 'dns' && name.kind === 'dns') return coversHost(base.text, name.text);
  if (base.kind === 'email' && name.kind === 'email') return coversMail(base.text, name.text);
  if (base.kind === 'uri' && name.kind === 'uri') return coversUri(base.text, name.text);
  return null;
}

/** Address and mask, RFC 5280 §4.2.1.10. */
function coversAddress(base: Uint8Array, address: Uint8Array): boolean {
  if (base.length !== address.length * 2) return false;
  return address.every((octet, i) => {
    const mask = base[address.length + i] as number;
    return (octet & mask) === ((base[i] as number) & mask);
  });
}

/** The host itself and all below it. A leading point, which many write, means the same as in a mail address: only below. */
function coversHost(base: string, host: string): boolean {
  const [suffix, name] = [normalHost(base), normalHost(host)];
  if (suffix === '') return true;
  if (suffix.startsWith('.')) return name.endsWith(suffix) && name.length > suffix.length;
  return name === suffix || name.endsWith(`.${suffix}`);
}

/** A mailbox, a host (its mailboxes alone), or with a leading point all hosts below. */
function coversMail(base: string, mail: string): boolean | null {
  const at = mail.lastIndexOf('@');
  if (at < 0) return null;
  const host = normalHost(mail.slice(at + 1));
  const baseAt = base.lastIndexOf('@');
  if (baseAt >= 0) return mail.slice(0, at) === base.slice(0, baseAt) && host === normalHost(base.slice(baseAt + 1));
  const wanted = normalHost(base);
  if (wanted === '') return true;
  return wanted.startsWith('.') ? host.endsWith(wanted) && host.length > wanted.length : host === wanted;
}

/** About the host alone, which has to be a name. */
function coversUri(base: string, uri: string): boolean | null {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1];
  const host = authority?.replace(/^[^@]*@/, '').replace(/:\d*$/, '');
  if (host === undefined || host === '' || host.startsWith('[') || /^[\d.]+$/.test(host)) return null;
  const [wanted, name] = [normalHost(base), normalHost(host)];
  if (wanted === '') return true;
  return wanted.startsWith('.') ? name.endsWith(wanted) && name.length > wanted.length : name === wanted;
}

function normalHost(host: string): string {
  return host.toLowerCase().replace(/(?<=[^.])\.$/, '');
}
