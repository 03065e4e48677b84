import { expect, test } from 'vitest';
import { KnownKeys } from './known-keys.ts';

const SA = {
  policy: null,
  direction: 'inbound',
  spi: 4096,
  mode: 'tunnel',
  source: '192.0.2.1',
  destination: '192.0.2.2',
  suite: 'aes128gcm16',
  encryptionKey: '00'.repeat(20),
  integrityKey: '',
  esn: false,
  windowPackets: 64,
} as const;

test('an SA is known once, and where it moves to', () => {
  const keys = new KnownKeys();
  keys.learnFrom({ kind: 'installSa', sa: SA });
  keys.learnFrom({ kind: 'installSa', sa: { ...SA, direction: 'outbound' } });
  const move = { kind: 'moveSa', direction: 'inbound', encapsulation: null } as const;
  keys.learnFrom({ ...move, spi: 4096, source: '192.0.2.9', destination: '192.0.2.2' });
  keys.learnFrom({ ...move, spi: 5000, source: '192.0.2.9', destination: '192.0.2.2' });
  keys.learnFrom({ kind: 'flushSas' });
  expect(keys.esp.map(({ spi, source }) => `${spi} ${source}`)).toEqual(['4096 192.0.2.1', '4096 192.0.2.9']);
});

test('what nobody will decrypt any more is forgotten, the oldest first', () => {
  const keys = new KnownKeys();
  for (let spi = 256; spi < 20_300; spi++) keys.learnFrom({ kind: 'installSa', sa: { ...SA, spi } });
  expect(keys.esp).toHaveLength(20_000);
  expect(keys.esp[0]?.spi).toBe(300);
});
