import { posix, resolve } from 'node:path';
import type { DicomFolders } from '../../operators/slides/slide-parts.js';
import type { Unit } from '../stage.js';
import type { Warn } from './files-of-glob.js';

/** A slide, its reader, and the files that belong to it. */
export interface FoundSlide {
  readonly file: string;
  readonly reader: NonNullable<Unit['reader']> | null;
  /** Paths relative to the data root. */
  readonly parts: readonly string[];
}

/**
 * The slides among files. A file that is a part of a slide of several files is not a slide of its own. A slide with a
 * missing part is left out with a warning.
 */
export async function slidesIn(
  root: string,
  names: readonly string[],
  warn: Warn,
  patientOf: (file: string) => string | null = () => null,
): Promise<readonly FoundSlide[]> {
  const { slideReaderOf } = await import('../../operators/slides/reader-of.js');
  const { slideParts } = await import('../../operators/slides/slide-parts.js');
  const taken = new Set<string>();
  const folders: DicomFolders = new Map();
  const found: FoundSlide[] = [];
  for (const file of names) {
    if (taken.has(file)) continue;
    const path = resolve(root, file);
    const reader = await slideReaderOf(path);
    // The reader of this pipeline (null) reads slides of a single file and refuses all others, so it needs no parts. An
    // error is ignored here: a slide that cannot be read is reported when it is hashed.
    const { parts, missing } =
      reader === null
        ? { parts: [], missing: [] }
        : await slideParts(path, folders).catch(() => ({ parts: [], missing: [] }));
    const beside = (name: string): string => posix.join(posix.dirname(file), name);
    for (const part of parts) taken.add(beside(part));
    if (missing.length === 0) found.push({ file, reader, parts: parts.map(beside) });
    else
      warn({
        ...{ severity: 'failure', stage: 'tile', patient: patientOf(file), file, place: null },
        reason: `It consists of several files, of which ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more are` : missing.length > 1 ? ' are' : ' is'} missing.`,
        fix: 'Copy the whole slide again: the file, and the folder or the files that belong to it.',
      });
  }
  return found;
}
