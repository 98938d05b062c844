import { posix } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { featureEndings, pictureEndings, slideEndings } from '../../pipeline/core/file-endings.js';

/** Files with the same folder and the same ending, which become one modality. */
export interface FileGroup {
  readonly kind: 'features' | 'slides' | 'images';
  /** Glob relative to the data folder. */
  readonly glob: string;
  /** Folder relative to the data folder. '' is the data folder itself. */
  readonly folder: string;
  readonly files: readonly string[];
}

/**
 * Minimum number of sibling folders that are one group. So many folders are most likely named after patients or slides,
 * and not after their content.
 */
const manyFolders = 4;

/** The ending in lower case, with the dot. */
const endingOf = (file: string): string => posix.extname(file).toLowerCase();

function kindOf(file: string): FileGroup['kind'] | null {
  const ending = endingOf(file);
  if (featureEndings.includes(ending)) return 'features';
  if (slideEndings.includes(ending.slice(1))) return 'slides';
  return pictureEndings.includes(ending.slice(1)) ? 'images' : null;
}

/**
 * Groups files by folder and ending. Files of one ending in four or more sibling folders are one group, if no file name
 * occurs in two of the folders: each folder then belongs to one patient. If file names recur, each folder belongs to
 * one encoder.
 */
export function fileGroups(names: readonly string[]): readonly FileGroup[] {
  const groups = new Map<string, { folder: string; ending: string; files: string[] }>();
  for (const file of names) {
    if (kindOf(file) === null) continue;
    const [folder, ending] = [dirOf(file), posix.extname(file).slice(1)];
    const key = `${folder}/*.${ending}`;
    const group = groups.get(key) ?? { folder, ending, files: [] };
    group.files.push(file);
    groups.set(key, group);
  }
  return merged([...groups.values()]).map(({ folder, ending, files, deep }) => ({
    kind: kindOf(`x.${ending}`) ?? 'features',
    glob: posix.join(escaped(folder), deep ? '**' : '', `*.${ending}`),
    folder,
    files: files.sort(),
  }));
}

const dirOf = (file: string): string => (posix.dirname(file) === '.' ? '' : posix.dirname(file));
const escaped = (folder: string): string => folder.replace(/[[\]{}()*?!+@\\]/g, String.raw`\$&`);

interface Group {
  readonly folder: string;
  readonly ending: string;
  readonly files: string[];
  readonly deep?: boolean;
}

function merged(groups: readonly Group[]): readonly Group[] {
  const parentOf = ({ folder, ending }: Group): string =>
    folder === '' ? `./${ending}` : `${dirOf(folder)}//${ending}`;
  const families = grouped(groups.map((group) => [parentOf(group), group]));
  return [...families.values()].flatMap((family): readonly Group[] => {
    const [first] = family;
    const stems = family.flatMap(({ files }) => files.map(stemOf));
    if (first === undefined || family.length < manyFolders || new Set(stems).size < stems.length)
      return family;
    return [
      {
        folder: dirOf(first.folder),
        ending: first.ending,
        files: family.flatMap(({ files }) => files),
        deep: true,
      },
    ];
  });
}

/**
 * Finds groups that repeat another group: at least half of their files have the name (without ending) of a file of the
 * other group. Examples: `pt_files` beside `h5_files` of CLAM, or slides beside their features. Maps each such group to
 * the group that it repeats.
 */
export function doubles(groups: readonly FileGroup[]): ReadonlyMap<FileGroup, FileGroup> {
  const ordered = [...groups].sort((a, b) => rank(a) - rank(b));
  const found = new Map<FileGroup, FileGroup>();
  ordered.forEach((group, at) => {
    const stems = new Set(group.files.map(stemOf));
    const same = ordered.slice(0, at).find((earlier) => {
      if (found.has(earlier)) return false;
      // Two sets of features in different folders, of the same kind of file, come from two encoders. So they are two
      // modalities.
      const alike = group.kind === 'features' && endingOf(earlier.glob) === endingOf(group.glob);
      return !alike && 2 * earlier.files.filter((file) => stems.has(stemOf(file))).length >= stems.size;
    });
    if (same !== undefined) found.set(group, same);
  });
  return found;
}

/**
 * Rank of a group: if two groups have files of the same names, the group with the lower rank is kept. Features (by
 * ending, in the order of `featureEndings`) come before slides, and slides before other images.
 */
const rank = ({ kind, glob }: FileGroup): number =>
  kind === 'features' ? featureEndings.indexOf(endingOf(glob)) : kind === 'slides' ? 100 : 200;
