import { formatPem } from '../../engine/crypto/pem.ts';
import { generateRsa } from '../../engine/crypto/rsa-key.ts';
import { type PrivateKey, privateKeyOf } from '../../engine/crypto/signature.ts';
import type { Random } from '../../engine/crypto/random.ts';
import type { GeneralName } from '../../engine/pki/general-name.ts';
import { issueSelfSigned, PLAIN_END, PLAIN_ORDER } from '../../engine/pki/issue.ts';
import { parseDistinguishedName } from '../../engine/pki/name-text.ts';
import { encodeCertificateRequest } from '../../engine/pki/request.ts';
import { parseAddress } from '../../engine/wire/address.ts';
import { addSlot } from './certificate-store.ts';
import { complain, stepPlan, wrong } from './effect.ts';
import { fileErrorText } from './files.ts';
import { hasOption, type Options, optionValue, optionValues, splitOnce } from './options.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';
import { validityOf } from './validity.ts';

/** What ikecert calls them; null: not to be had here. */
const KEY_TYPES: ReadonlyMap<string, 'sha1' | 'sha256' | 'sha384' | 'sha512' | null> = new Map([
  ['rsa-md5', null],
  ['rsa-sha1', 'sha1'],
  ['rsa-sha256', 'sha256'],
  ['rsa-sha384', 'sha384'],
  ['rsa-sha512', 'sha512'],
  ['dsa-sha1', null],
  ['dsa-sha256', null],
]);
const KEY_BITS = [1024, 2048, 3072, 4096];
/** Weaker than what is believed anywhere else: whoever asks for it here is told. */
const FLOOR = { rsaBits: 1024, ecdsaBits: 256, allowsSha1: true };
const NAME_EXAMPLE = '-D "C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN"';

interface Order {
  readonly isRequest: boolean;
  readonly bits: number;
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly subject: Uint8Array;
  readonly altNames: readonly GeneralName[];
  readonly options: Options;
}

/** `ikecert certlocal -ks`: a key and a certificate that it signs itself; `-kc`: a key and a request for Charles. */
export function createKey(options: Options): SystemPlan {
  const isRequest = hasOption(options, 'c');
  if (isRequest === hasOption(options, 's')) {
    return wrong(['ikecert: -k: -ks makes a self-signed certificate, -kc a request for a CA']);
  }
  const bits = Number(optionValue(options, 'm') ?? '2048');
  if (!KEY_BITS.includes(bits)) {
    const why =
      bits === 512 ? 'a key of 512 bits is broken in an afternoon' : `no key has ${optionValue(options, 'm')} bits`;
    return wrong([`ikecert: -m: ${why}`, `  fix: one of ${KEY_BITS.slice(1).join(', ')}`]);
  }
  const type = optionValue(options, 't') ?? 'rsa-sha256';
  const hash = KEY_TYPES.get(type);
  if (hash === undefined || hash === null) {
    const why =
      hash === null
        ? `${type}: nobody should believe such signatures, and this node makes none`
        : `-t ${type}: no such type`;
    const good = [...KEY_TYPES].flatMap(([name, known]) => (known === null ? [] : [name]));
    return wrong([`ikecert: ${why}`, `  fix: one of ${good.join(', ')}`]);
  }
  const name = optionValue(options, 'D');
  if (name === null) return wrong(['ikecert: the name of its owner is missing', `  fix: ${NAME_EXAMPLE}`]);
  const subject = parseDistinguishedName(name, 'rootFirst');
  if (subject === null) {
    return wrong([
      `ikecert: -D: '${name}' is no distinguished name`,
      `  for instance: ${NAME_EXAMPLE}; a comma within a value is written \\,`,
    ]);
  }
  const altNames: GeneralName[] = [];
  for (const text of optionValues(options, 'A').flatMap(each => each.split(','))) {
    const altName = altNameOf(text);
    if (altName === null) {
      return wrong([
        `ikecert: -A: what is '${text}'?`,
        '  for instance: -A IP=1.2.3.4, -A DNS=alice.example, -A EMAIL=root@alice.example',
      ]);
    }
    altNames.push(altName);
  }
  const order = { isRequest, bits, hash, subject, altNames, options };
  return stepPlan((system, view) => carryOut(system, view, order));
}

function carryOut(system: System, view: SystemView, order: Order): SystemEffect {
  const { unixSeconds, random } = view;
  const validity = validityOf(
    optionValue(order.options, 'S'),
    optionValue(order.options, 'F'),
    Math.floor(unixSeconds),
  );
  if (validity.kind === 'wrong') return complain(system, validity.lines);
  const key = rsaKey(order.bits, random);
  const scheme = { kind: 'rsa-pkcs1', hash: order.hash } as const;
  const { subject, altNames } = order;
  const kept = addSlot(system.files, 'certlocal', { label: 'PRIVATE KEY', der: key.pkcs8 }, unixSeconds);
  if (kept.kind === 'failed') return complain(system, `ikecert: ${fileErrorText(kept.error)}`);
  const said = (files: System['files'], text: string): SystemEffect => ({
    system: { ...system, files },
    actions: [],
    stdout: `Creating private key.\n${text}`,
    stderr: weaknesses(order),
    exitStatus: 0,
  });
  if (order.isRequest) {
    const der = encodeCertificateRequest({ subject, altNames }, key, scheme, random);
    return said(kept.files, written('CERTIFICATE REQUEST', der, order.options));
  }
  const { notBefore, notAfter } = validity;
  const issued = issueSelfSigned(
    { ...PLAIN_ORDER, subject, altNames, notBefore, notAfter, role: PLAIN_END, scheme, floor: FLOOR },
    key,
    random,
  );
  if (issued.kind === 'refused') return complain(system, `ikecert: no certificate was made: ${issued.why}`);
  const { der } = issued.certificate;
  const added = addSlot(kept.files, 'certdb', { label: 'X509 CERTIFICATE', der }, unixSeconds);
  if (added.kind === 'failed') return complain(system, `ikecert: ${fileErrorText(added.error)}`);
  return said(added.files, `Certificate added to database.\n${written('X509 CERTIFICATE', der, order.options)}`);
}

function rsaKey(bits: number, random: Random): PrivateKey {
  const key = privateKeyOf(generateRsa(bits, random));
  if (key === null) throw new Error(`an RSA key of ${bits} bits that we do not take ourselves`);
  return key;
}

function weaknesses({ bits, hash }: Order): string {
  const weak = [
    ...(hash === 'sha1' ? ['SHA-1 does not keep others from making a certificate with the same signature'] : []),
    ...(bits < 2048 ? [`a key of ${bits} bits is within reach of those who have the means`] : []),
  ];
  if (weak.length === 0) return '';
  const better = [...(hash === 'sha1' ? ['-t rsa-sha256'] : []), ...(bits < 2048 ? ['-m 2048'] : [])].join(' ');
  return `ikecert: warning: weak: ${weak.join('; ')}\n  fix: ${better}, where the peer knows it\n`;
}

function written(label: string, der: Uint8Array, options: Options): string {
  const format = optionValue(options, 'f') ?? 'pem';
  return format === 'hex' ? `${Buffer.from(der).toString('hex')}\n` : formatPem({ label, der });
}

/** `IP=`, `DNS=`, `EMAIL=`, `URI=` and `DN=`. */
function altNameOf(text: string): GeneralName | null {
  const [key, value] = splitOnce(text.trim(), '=');
  if (value === undefined || value === '') return null;
  switch (key.toUpperCase()) {
    case 'IP': {
      const octets = parseAddress(value);
      return octets === null ? null : { kind: 'ip', octets };
    }
    case 'DNS':
      return { kind: 'dns', text: value };
    case 'EMAIL':
      return { kind: 'email', text: value };
    case 'URI':
      return { kind: 'uri', text: value };
    case 'DN': {
      const name = parseDistinguishedName(value, 'rootFirst');
      return name === null ? null : { kind: 'directory', name };
    }
    default:
      return null;
  }
}
