import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../../engine/crypto/random.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import { podCommand } from '../../drivers/netns/pod.ts';
import { ALICE, BOB, otherSite, type Site } from '../live/sites.ts';
import type { BenchSubject, SubjectParameters } from '../live/subject.ts';
import { must } from './beside.ts';
import { engine } from './engine.ts';
import { saidBy } from './machine.ts';
import { plain } from './plain.ts';

/** What `ip xfrm` calls an algorithm, and the octets of its key. */
type Transform =
  | { readonly kind: 'aead'; readonly name: string; readonly keyOctets: number; readonly icvBits: number }
  | { readonly kind: 'separate'; readonly enc: Keyed; readonly auth: Keyed & { readonly icvBits: number } };

interface Keyed {
  readonly name: string;
  readonly keyOctets: number;
}

const FIRST_SPI = 0x1000;
const GCM = 'rfc4106(gcm(aes))';
const CBC = 'cbc(aes)';
const SHA256 = { name: 'hmac(sha256)', keyOctets: 32, icvBits: 128 };

/** By tokens of ESP. Keys of AEADs end with four octets of salt. */
const TRANSFORMS: Readonly<Record<string, Transform>> = {
  aes128gcm16: { kind: 'aead', name: GCM, keyOctets: 20, icvBits: 128 },
  aes256gcm16: { kind: 'aead', name: GCM, keyOctets: 36, icvBits: 128 },
  chacha20poly1305: { kind: 'aead', name: 'rfc7539esp(chacha20,poly1305)', keyOctets: 36, icvBits: 128 },
  'aes128-sha256': { kind: 'separate', enc: { name: CBC, keyOctets: 16 }, auth: SHA256 },
  'aes256-sha256': { kind: 'separate', enc: { name: CBC, keyOctets: 32 }, auth: SHA256 },
  'null-sha256': { kind: 'separate', enc: { name: 'ecb(cipher_null)', keyOctets: 0 }, auth: SHA256 },
};

/** The kernel's own ESP in tunnel mode, with keys by hand. */
export const kernelEsp: BenchSubject = {
  name: 'kernel-esp',
  title: 'the kernel’s ESP',
  obstacle({ cipher, mode, outer, inner, encapsulation }) {
    const transform = TRANSFORMS[cipher];
    if (transform === undefined) return `not with ${cipher}: this subject has ${Object.keys(TRANSFORMS).join(', ')}`;
    if (mode !== 'tunnel' || encapsulation !== 'never') return 'this subject is tunnel mode, without UDP';
    if (outer !== inner) return 'this subject has one family inside and outside';
    return refusal(transform);
  },
  topologyText: parameters => plain.topologyText(parameters),
  async start(ground, parameters) {
    const sas = saLines(parameters, createSystemRandom());
    for (const site of [ALICE, BOB]) {
      const file = join(ground.folder, `${site.gateway}.xfrm`);
      writeFileSync(file, [...sas, ...policyLines(site, parameters), ''].join('\n'), { mode: 0o600 });
      await must(ground, site, ['ip', '-batch', file]);
    }
  },
  outerOctets: (parameters, innerOctets) => engine.outerOctets?.(parameters, innerOctets) ?? null,
};

/** Both SAs, which both gateways are told of: lines of `ip -batch`, with the keys. */
export function saLines({ cipher, outer }: SubjectParameters, random: Random): readonly string[] {
  const transform = TRANSFORMS[cipher];
  if (transform === undefined) throw new Error(`no ${cipher} of the kernel’s`);
  return [ALICE, BOB].map((from, index) => {
    const ends = `src ${from.wan[outer]} dst ${otherSite(from).wan[outer]}`;
    const sa = `proto esp spi ${FIRST_SPI + index} reqid 1 mode tunnel replay-window 64`;
    return `xfrm state add ${ends} ${sa} ${transformText(transform, random)}`;
  });
}

/** What a gateway sends to the other site, and what comes from there, in lines of `ip -batch`. */
export function policyLines(site: Site, { outer, inner }: SubjectParameters): readonly string[] {
  const other = otherSite(site);
  const policy = (from: Site, to: Site, direction: string): string =>
    [
      `xfrm policy add src ${from.network[inner]} dst ${to.network[inner]} dir ${direction}`,
      `tmpl src ${from.wan[outer]} dst ${to.wan[outer]} proto esp reqid 1 mode tunnel`,
    ].join(' ');
  return [policy(site, other, 'out'), policy(other, site, 'in'), policy(other, site, 'fwd')];
}

function transformText(transform: Transform, random: Random): string {
  const key = (octets: number): string =>
    octets === 0 ? '""' : `0x${Buffer.from(random.bytes(octets)).toString('hex')}`;
  if (transform.kind === 'aead') return `aead ${transform.name} ${key(transform.keyOctets)} ${transform.icvBits}`;
  const { enc, auth } = transform;
  return `auth-trunc ${auth.name} ${key(auth.keyOctets)} ${auth.icvBits} enc ${enc.name} ${key(enc.keyOctets)}`;
}

/** Asks the kernel for such an SA, in a namespace that ends with the question; null: it can be had. */
function refusal(transform: Transform): string | null {
  const ones = { bytes: (octets: number) => new Uint8Array(octets).fill(1) };
  const order = `xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi ${FIRST_SPI} mode tunnel`;
  const argv = [...order.split(' '), ...transformText(transform, ones).split(' ')];
  const { status, text } = saidBy(['env', ...podCommand(process.getuid?.() === 0), 'ip', ...argv.map(unquoted)]);
  if (status === 0) return null;
  const said = text.trim().split('\n').at(-1) ?? '';
  return `this kernel makes no such SA of ESP (${said}): load esp4 and esp6, with the modules of its ciphers, or take another kernel`;
}

/** `ip -batch` has quotes for an empty word; arguments have none. */
const unquoted = (word: string): string => (word === '""' ? '' : word);
