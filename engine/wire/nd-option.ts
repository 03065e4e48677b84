import type { Address } from './address.ts';
import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Options of Neighbor Discovery, RFC 4861 §4.6. */
export type NdOption =
  | { readonly type: 'sourceLinkLayerAddress' | 'targetLinkLayerAddress'; readonly mac: Uint8Array }
  | {
      readonly type: 'prefixInformation';
      readonly prefixLength: number;
      readonly onLink: boolean;
      readonly autonomous: boolean;
      /** 0xffffffff: infinite; so for the next. */
      readonly validLifetimeS: number;
      readonly preferredLifetimeS: number;
      readonly prefix: Address;
    }
  | { readonly type: 'mtu'; readonly mtu: number }
  /** `body`: all after the Length octet. */
  | { readonly type: 'unknown'; readonly number: number; readonly body: Uint8Array };

const OptionType = { SOURCE_LINK_LAYER: 1, TARGET_LINK_LAYER: 2, PREFIX_INFORMATION: 3, MTU: 5 } as const;

/** Reads all that is left. A known type with another length than its own is kept as unknown. */
export function decodeNdOptions(body: Reader): NdOption[] {
  const options: NdOption[] = [];
  while (body.remaining > 0) {
    const number = body.u8('option Type');
    const units = body.u8('option Length');
    if (units === 0) throw body.error('option Length', body.offset - 1, '0');
    options.push(decodeOption(number, body.bytes(units * 8 - 2, 'option')));
  }
  return options;
}

export function encodeNdOptions(options: readonly NdOption[], out: Writer): void {
  for (const option of options) {
    switch (option.type) {
      case 'sourceLinkLayerAddress':
      case 'targetLinkLayerAddress':
        begin(
          out,
          option.type === 'sourceLinkLayerAddress' ? OptionType.SOURCE_LINK_LAYER : OptionType.TARGET_LINK_LAYER,
          1,
        );
        out.bytes(option.mac);
        break;
      case 'prefixInformation':
        begin(out, OptionType.PREFIX_INFORMATION, 4);
        out.u8(option.prefixLength);
        out.u8((option.onLink ? 0x80 : 0) | (option.autonomous ? 0x40 : 0));
        out.u32(option.validLifetimeS);
        out.u32(option.preferredLifetimeS);
        out.u32(0); // Reserved2
        out.bytes(option.prefix);
        break;
      case 'mtu':
        begin(out, OptionType.MTU, 1);
        out.u16(0);
        out.u32(option.mtu);
        break;
      case 'unknown':
        if (option.body.length % 8 !== 6) throw new RangeError(`an ND option of ${option.body.length + 2} octets`);
        begin(out, option.number, (option.body.length + 2) / 8);
        out.bytes(option.body);
        break;
    }
  }
}

/** `units` of 8 octets. */
function begin(out: Writer, type: number, units: number): void {
  out.u8(type);
  out.u8(units);
}

function decodeOption(number: number, body: Uint8Array): NdOption {
  const isOneUnit = body.length === 6;
  if (number === OptionType.SOURCE_LINK_LAYER && isOneUnit) return { type: 'sourceLinkLayerAddress', mac: body };
  if (number === OptionType.TARGET_LINK_LAYER && isOneUnit) return { type: 'targetLinkLayerAddress', mac: body };
  const fields = new Reader(body, 'ND option');
  if (number === OptionType.MTU && isOneUnit) {
    fields.skip(2, 'Reserved');
    return { type: 'mtu', mtu: fields.u32('MTU') };
  }
  if (number === OptionType.PREFIX_INFORMATION && body.length === 30) return decodePrefixInformation(fields);
  return { type: 'unknown', number, body };
}

function decodePrefixInformation(fields: Reader): NdOption {
  const prefixLength = fields.u8('Prefix Length');
  if (prefixLength > 128) throw fields.error('Prefix Length', 0, `${prefixLength} is more than 128`);
  const flags = fields.u8('flags');
  const validLifetimeS = fields.u32('Valid Lifetime');
  const preferredLifetimeS = fields.u32('Preferred Lifetime');
  fields.skip(4, 'Reserved2');
  return {
    type: 'prefixInformation',
    prefixLength,
    onLink: (flags & 0x80) !== 0,
    autonomous: (flags & 0x40) !== 0,
    validLifetimeS,
    preferredLifetimeS,
    prefix: fields.bytes(16, 'Prefix'),
  };
}
