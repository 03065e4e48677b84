import { writeWiresharkFolder } from '../capture/wireshark.ts';
import { badInput, errorCode } from '../state/failure.ts';
import type { LabClient } from './client.ts';

/** Makes the folder of `--key-log DIR`, with the keys that the lab has by now; a Failure where the user may not write. */
export async function writeKeyLog(folder: string, client: Pick<LabClient, 'keys' | 'ikeKeys'>): Promise<void> {
  const [keys, ikeKeys] = await Promise.all([client.keys(), client.ikeKeys()]);
  try {
    writeWiresharkFolder(folder, keys, ikeKeys);
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw badInput(`cannot write the key log to ${folder}: ${code}`, 'give a folder of your own: --key-log DIR');
  }
}
