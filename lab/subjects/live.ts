import { programFile } from '../../engine/host/program.ts';
import { ENGINE, type Subject } from './subject.ts';

/** How a gateway process of its own finds the subject; null: it is the engine itself. */
export function implementationOf(subject: Subject): { readonly file: string; readonly name: string } | null {
  return subject === ENGINE ? null : { file: programFile('lab/subjects/all-subjects'), name: subject.name };
}
