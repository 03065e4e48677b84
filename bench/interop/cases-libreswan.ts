import { type Authentication, either, type InteropCase } from './case.ts';

const CERTIFICATE = { kind: 'certificate', key: 'rsa2048', chain: 'root' } as const;
const V1 = ['version: 1'];
const AGGRESSIVE = [...V1, 'mode: aggressive', 'accepts: aggressive'];
const OLD_SUITE = 'aes256-sha256-modp2048';
const NEW_SUITE = 'aes256gcm16-prfsha384-ecp384';

/** Negotiation with libreswan, whose ESP is the kernel's: packets are not looked at, but what keys each end has. */
export function libreswanCases(): InteropCase[] {
  return [
    ...v1('main mode, a shared secret', { kind: 'psk' }, V1),
    ...v1('main mode, rsa2048 of a root', CERTIFICATE, V1),
    ...v1('aggressive mode, a shared secret', { kind: 'psk' }, AGGRESSIVE),
    ...v1('another shared secret', { kind: 'wrong psk' }, V1),
    ...v1('main mode, PFS', { kind: 'psk' }, V1, { pfs: 'modp2048', esp: 'aes256gcm16' }),
    ...v2('a shared secret', { kind: 'psk' }),
    ...v2('rsa2048 of a root', CERTIFICATE),
    ...v2('ecdsa256 of a root', { kind: 'certificate', key: 'ecdsa256', chain: 'root' }),
    ...v2('another shared secret', { kind: 'wrong psk' }),
    ...v2('AES-CBC and X25519', { kind: 'psk' }, { esp: 'aes128-sha256' }, 'aes128-sha256-prfsha256-x25519'),
  ];
}

type Changes = Partial<InteropCase>;

function v1(what: string, authentication: Authentication, mode: readonly string[], changes: Changes = {}) {
  const esp = 'aes128-sha256';
  return cases(`IKEv1 with libreswan: ${what}`, OLD_SUITE, { authentication, alice: mode, bob: mode, esp, ...changes });
}

function v2(what: string, authentication: Authentication, changes: Changes = {}, suite = NEW_SUITE) {
  return cases(`IKEv2 with libreswan: ${what}`, suite, { authentication, ...changes });
}

function cases(name: string, suite: string, changes: Changes): InteropCase[] {
  const play = changes.authentication?.kind === 'wrong psk' ? 'refusal' : 'same keys';
  return either(name, name.slice(0, 'IKEv1 with libreswan'.length), {
    other: 'libreswan',
    ike: { alice: suite, bob: suite },
    play,
    ...changes,
  });
}
