import { posix } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';

/** Files of one folder and ending, which are taken as one modality. */
export interface FileGroup {
  readonly kind: 'features' | 'slides' | 'images';
  /** Glob below the data folder. */
  readonly glob: string;
  /** Folder below the data folder; '' is the folder itself. */
  readonly folder: string;
  readonly files: readonly string[];
}

const features = ['h5', 'hdf5', 'safetensors', 'npz', 'npy', 'pt', 'pth'];
const slides = [...['svs', 'ndpi', 'scn', 'bif', 'mrxs', 'svslide', 'tif', 'tiff', 'dcm', 'czi', 'vsi']];
const images = ['png', 'jpg', 'jpeg'];
/** From here on subfolders are one group: they are named by patient or slide rather than by what is in them. */
const manyFolders = 4;

const endingOf = (file: string): string => posix.extname(file).slice(1).toLowerCase();

function kindOf(file: string): FileGroup['kind'] | null {
  const ending = endingOf(file);
  if (features.includes(ending)) return 'features';
  if (slides.includes(ending)) return 'slides';
  return images.includes(ending) ? 'images' : null;
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
  const families = new Map<string, Group[]>();
  for (const group of groups) {
    const key = group.folder === '' ? `./${group.ending}` : `${dirOf(group.folder)}//${group.ending}`;
    families.set(key, [...(families.get(key) ?? []), group]);
  }
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

/** Features before pictures; of features, the endings in the order of the list: h5 files hold coordinates too. */
const rank = ({ kind, glob }: FileGroup): number =>
  kind === 'features' ? features.indexOf(endingOf(glob)) : kind === 'slides' ? 100 : 200;
