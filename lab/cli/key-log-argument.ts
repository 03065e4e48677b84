import type { EspSaKeys } from '../capture/key-log.ts';
import { writeWiresharkFolder } from '../capture/wireshark.ts';
import { badInput, errorCode } from '../state/failure.ts';

/** Makes the folder of `--key-log DIR`; a Failure where the user may not write. */
export function writeKeyLog(folder: string, keys: readonly EspSaKeys[]): void {
  try {
    writeWiresharkFolder(folder, keys);
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw badInput(`cannot write the key log to ${folder}: ${code}`, 'give a folder of your own: --key-log DIR');
  }
}
