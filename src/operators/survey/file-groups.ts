import { posix } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { featureEndings, pictureEndings, slideEndings } from '../../pipeline/core/file-endings.js';

/** Files of one folder and ending, which are taken as one modality. */
export interface FileGroup {
  readonly kind: 'features' | 'slides' | 'images';
  /** Glob below the data folder. */
  readonly glob: string;
  /** Folder below the data folder; '' is the folder itself. */
  readonly folder: string;
  readonly files: readonly string[];
}

/** From here on subfolders are one group: they are named by patient or slide rather than by what is in them. */
const manyFolders = 4;

/** In lower case, with the dot. */
const endingOf = (file: string): string => posix.extname(file).toLowerCase();

function kindOf(file: string): FileGroup['kind'] | null {
  const ending = endingOf(file);
  if (featureEndings.includes(ending)) return 'features';
  if (slideEndings.includes(ending.slice(1))) return 'slides';
  return pictureEndings.includes(ending.slice(1)) ? 'images' : null;
}

/**
 * Groups files by folder and ending. Files of one ending in four or more folders beside each other are one group, when
 * no name stands in two of the folders: such folders are patients. Folders with the same names are several encoders.
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

/** Groups that hold the same names as an earlier one, such as `pt_files` beside `h5_files` of CLAM, or slides of the features. */
export function doubles(groups: readonly FileGroup[]): ReadonlyMap<FileGroup, FileGroup> {
  const ordered = [...groups].sort((a, b) => rank(a) - rank(b));
  const found = new Map<FileGroup, FileGroup>();
  ordered.forEach((group, at) => {
    const stems = new Set(group.files.map(stemOf));
    const same = ordered.slice(0, at).find((earlier) => {
      if (found.has(earlier)) return false;
      // Two sets of features in other folders of the same kind of file are two encoders, hence two modalities.
      const alike = group.kind === 'features' && endingOf(earlier.glob) === endingOf(group.glob);
      return !alike && 2 * earlier.files.filter((file) => stems.has(stemOf(file))).length >= stems.size;
    });
    if (same !== undefined) found.set(group, same);
  });
  return found;
}

/** Features before pictures; of features, the endings in the order of their list. */
const rank = ({ kind, glob }: FileGroup): number =>
  kind === 'features' ? featureEndings.indexOf(endingOf(glob)) : kind === 'slides' ? 100 : 200;
