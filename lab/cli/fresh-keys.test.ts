import { expect, test } from 'vitest';
import type { EspSaKeys, IkeSaKeys } from '../capture/key-log.ts';
import { captured, echo, frame, saFor, sealedTunnel } from '../capture/testing/seal.ts';
import { ikeHeader, ikeKeysFor, ikePacket, sealedIke } from '../capture/testing/seal-ike.ts';
import { freshKeys } from './fresh-keys.ts';

test('keys that are made while the capture runs are asked for when they are needed', async () => {
  const esp: EspSaKeys[] = [];
  const ike: IkeSaKeys[] = [];
  const asked = { keys: 0, ikeKeys: 0 };
  const opener = await freshKeys({
    keys: () => {
      asked.keys += 1;
      return Promise.resolve([...esp]);
    },
    ikeKeys: () => {
      asked.ikeKeys += 1;
      return Promise.resolve([...ike]);
    },
  });
  const [sa, ikeSa] = [saFor('aes128gcm16'), ikeKeysFor('aes256gcm16', null)];
  const message = sealedIke(ikeSa, ikeHeader(ikeSa), [{ type: 'IDi', idType: 2, data: new Uint8Array(4) }]);
  const inIke = captured(frame(ikePacket('1.2.3.4', '5.6.7.8', message)));
  const inEsp = captured(frame(sealedTunnel(sa, 1n, echo('10.0.0.2', '10.0.1.2'))));
  ike.push(ikeSa); // the first message under SK is read at once
  expect(await opener(inIke)).toEqual(['inside: IDi']);
  expect(await opener(inEsp)).toEqual(['not decrypted: no key for SPI 0x10000001']);
  esp.push(sa);
  expect(await opener(inEsp)).toEqual(['not decrypted: no key for SPI 0x10000001']);
  expect(asked).toEqual({ keys: 2, ikeKeys: 2 });
  expect(await opener(captured(frame(echo('10.0.0.2', '10.0.1.2'))))).toEqual([]);
});
