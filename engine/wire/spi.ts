/** As tools show an SPI of ESP or AH: `0x1000f00d`. */
export const formatSpi = (spi: number): string => `0x${spi.toString(16).padStart(8, '0')}`;
