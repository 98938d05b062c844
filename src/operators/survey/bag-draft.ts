import { join } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';
import type { FileGroup } from './file-groups.js';
import { keysOf, widthOf } from './feature-width.js';
import { bestRule, type PatientFileTable, type RuleFit } from './name-rules.js';

/** A bag modality, as the experiment will declare it. */
export interface BagDraft {
  readonly kind: FileGroup['kind'];
  readonly glob: string;
  readonly folder: string;
  readonly files: number;
  /** Stem of the only file. Null if there are several. */
  readonly onlyStem: string | null;
  /** Number of different array names, if the files hold one array per patient. Otherwise 0. */
  readonly arrays: number;
  /** Number of values in one instance. Null for images. */
  readonly width: number | null;
  /** Shape of the array from which `width` is known. Null for images. */
  readonly shape: string | null;
  readonly fit: RuleFit;
  /** Number of patients with an outcome and a file. */
  readonly matched: number;
}

/** A group of files that does not become a modality. `left` is the reason. */
export interface LeftBag {
  readonly left: string;
}

/** Number of files that are opened before a group is rejected, because the first file may be damaged. */
const filesOpened = 3;

/** Examines the files of a group: the length of an instance, and how the file names give the patient. */
export async function draftBag(
  root: string,
  { kind, glob, folder, files }: FileGroup,
  patients: ReadonlySet<string>,
  tables: readonly PatientFileTable[],
): Promise<BagDraft | LeftBag> {
  let found: Awaited<ReturnType<typeof widthOf>> = { problem: '' };
  if (kind === 'features') {
    let tried = '';
    for (const file of files.slice(0, filesOpened)) {
      found = await widthOf(join(root, file), file);
      tried = file;
      if ('width' in found) break;
    }
    if ('problem' in found) return { left: `${tried}: ${found.problem}` };
  }
  const keys = kind === 'features' ? arraysOf(root, files) : null;
  const names = keys ?? files;
  const fit = keys === null ? bestRule(files, patients, tables) : bestRule(keys, patients, [], (key) => key);
  const [width, shape] = 'width' in found ? [found.width, found.shape] : [null, null];
  if (fit === null) {
    const ids = [...patients].slice(0, 3).map((id) => `"${id}"`);
    return {
      left: `no rule gives half of its ${names.length} names a known patient. Names: ${names.slice(0, 3).join(', ')}; ids: ${ids.join(', ')}`,
    };
  }
  const matched = [...fit.patients].filter((id) => patients.has(id)).length;
  const [only = ''] = files;
  return {
    ...{ kind, glob, folder, files: files.length, onlyStem: files.length === 1 ? stemOf(only) : null },
    ...{ arrays: keys?.length ?? 0, width, shape, fit, matched },
  };
}

/** Names of the arrays in all files of a group, without duplicates. Null if the files hold one bag each. */
export function arraysOf(root: string, files: readonly string[]): readonly string[] | null {
  const keyed = files.filter((file) => /\.(npz|safetensors)$/i.test(file));
  const [first] = keyed;
  if (first === undefined || keysOf(join(root, first), first) === null) return null;
  return [...new Set(keyed.flatMap((file) => keysOf(join(root, file), file) ?? []))].map((key) =>
    key.normalize('NFC'),
  );
}
