import { expect, test } from 'vitest';
import { readCpuInfo } from './cpu-info.ts';

const xeon = (number: number, flags: string): string => `processor\t: ${number}
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Processor
cpu MHz\t\t: 2599.998
flags\t\t: ${flags}
bugs\t\t: spectre_v1 spectre_v2
power management:
`;

const armCore = (number: number): string => `processor\t: ${number}
BogoMIPS\t: 50.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd0c
CPU revision\t: 1
`;

test('two processors of x86-64, of which one has less', () => {
  const flags = 'fpu vme sse2 ht pclmulqdq ssse3 aes avx hypervisor avx2 sha_ni vaes vpclmulqdq';
  expect(readCpuInfo(`${xeon(0, flags)}\n${xeon(1, flags.replace(' vaes', ''))}\n`)).toEqual({
    model: 'Intel(R) Xeon(R) Processor',
    processors: 2,
    cryptoInstructions: ['aes', 'avx', 'avx2', 'pclmulqdq', 'sha_ni', 'ssse3', 'vpclmulqdq'],
    virtual: true,
  });
});

test('arm64, which has numbers in place of a name', () => {
  expect(readCpuInfo([0, 1, 2, 3].map(armCore).join('\n'))).toEqual({
    model: 'implementer 0x41 part 0xd0c',
    processors: 4,
    cryptoInstructions: ['aes', 'asimd', 'pmull', 'sha1', 'sha2'],
    virtual: false,
  });
});

test('what is no such text knows of no processor', () => {
  const nothing = { model: 'unknown', processors: 0, cryptoInstructions: [], virtual: false };
  expect(readCpuInfo('')).toEqual(nothing);
  expect(readCpuInfo('Hardware\t: BCM2835\n\n:\n')).toEqual(nothing);
});
