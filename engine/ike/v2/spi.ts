import type { Random } from '../../crypto/random.ts';
import { type IkeSpi, NO_SPI } from '../../wire/ike/message.ts';

/** An SPI for an inbound SA of ESP or AH that is not in use: 256 to 2^32 - 1, RFC 4303 §2.1. */
export function allocateSpi(random: Random, isTaken: (spi: number) => boolean): number {
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    const spi = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (spi >= 256 && !isTaken(spi)) return spi;
  }
}

/** An SPI of an IKE SA that is not in use; never zero, RFC 7296 §2.6. */
export function allocateIkeSpi(random: Random, isTaken: (spi: IkeSpi) => boolean): IkeSpi {
  for (;;) {
    const spi = Buffer.from(random.bytes(8)).toString('hex');
    if (spi !== NO_SPI && !isTaken(spi)) return spi;
  }
}
