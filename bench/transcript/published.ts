import { join } from 'node:path';
import type { TranscriptPlan } from './plans.ts';
import type { Transcript } from './transcript.ts';

/** The seed of those that are published. */
export const TRANSCRIPT_SEED = 'ipsec-lab';

/** From the root of the repository. */
export function transcriptPath({ name }: TranscriptPlan): string {
  return join('suites', 'vectors', `${name}.json`);
}

/** As it stands in its file. */
export function formatTranscript(transcript: Transcript): string {
  return `${JSON.stringify(transcript, null, 2)}\n`;
}
