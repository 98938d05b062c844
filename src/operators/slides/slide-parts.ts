import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, normalize } from 'node:path';
import { grouped } from '../../pipeline/core/grouped.js';
import { dicomSeries } from './dicom-series.js';

/** The files of a slide that consists of several files. */
export interface SlideParts {
  /** Paths of the further files, relative to the folder of the slide, with `/`. */
  readonly parts: readonly string[];
  /** Those of the further files that do not exist, or that lie outside of the folder of the slide. */
  readonly missing: readonly string[];
}

const alone: SlideParts = { parts: [], missing: [] };

/** The lines `KEY = VALUE` of an INI file, with keys in capitals. */
function iniValues(text: string): readonly (readonly [key: string, value: string])[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^\s*([^=;[]+?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined || value === ''
      ? []
      : [[key.toUpperCase(), value] as const];
  });
}

/** Lists the files `names`, paths relative to the folder of the slide at `path`, and those that are missing. */
function partsOf(path: string, names: readonly string[]): SlideParts {
  const parts = [...new Set(names.map((name) => name.replaceAll('\\', '/')))].sort();
  const isOutside = (name: string): boolean => isAbsolute(name) || normalize(name).startsWith('..');
  const missing = parts.filter((name) => isOutside(name) || !existsSync(join(dirname(path), name)));
  return { parts, missing };
}

/** MIRAX: `a.mrxs` is the slide. `a/Slidedat.ini` names the index and data files in the folder `a`. */
async function miraxParts(path: string): Promise<SlideParts> {
  const folder = basename(path, extname(path));
  const index = `${folder}/Slidedat.ini`;
  let text: string;
  try {
    text = await readFile(join(dirname(path), index), 'utf8');
  } catch {
    return { parts: [index], missing: [index] };
  }
  // Only these keys name files. FILE_COUNT and the names of layers do not.
  const named = iniValues(text).flatMap(([key, value]) =>
    /^(INDEXFILE|FILE_\d+)$/.test(key) ? [`${folder}/${value}`] : [],
  );
  return partsOf(path, [index, ...named]);
}

/** Hamamatsu VMS and VMU: the slide file names its images. */
async function hamamatsuParts(path: string): Promise<SlideParts> {
  const named = iniValues(await readFile(path, 'latin1')).flatMap(([key, value]) =>
    /^(IMAGEFILE(\([\d,]+\))?|MAPFILE|MACROIMAGE|OPTIMISATIONFILE)$/.test(key) ? [value] : [],
  );
  return partsOf(path, named);
}

/** The DICOM files of each folder by their series, so that a folder is read once for all its slides. */
export type DicomFolders = Map<string, Promise<ReadonlyMap<string, readonly string[]>>>;

async function filesBySeries(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const pairs: (readonly [series: string, name: string])[] = [];
  for (const name of names.sort()) {
    // A file that cannot be read is left out here, so that the other slides of the folder keep their parts. Its error
    // is reported when the file is hashed.
    const series = await dicomSeries(join(folder, name)).catch(() => null);
    if (series !== null) pairs.push([series, name]);
  }
  return grouped(pairs);
}

/** DICOM: the files of the same series in the same folder. */
async function dicomParts(path: string, series: string, folders: DicomFolders): Promise<SlideParts> {
  const folder = dirname(path);
  const reading = folders.get(folder) ?? filesBySeries(folder);
  folders.set(folder, reading);
  const parts = (await reading).get(series) ?? [];
  return { parts: parts.filter((name) => name !== basename(path)), missing: [] };
}

/**
 * The further files of a slide. Empty for a slide of one file.
 *
 * @param folders a cache of folders; use the same map for all slides of a cohort
 * @throws the errors of fs if the slide does not exist
 */
export async function slideParts(path: string, folders: DicomFolders = new Map()): Promise<SlideParts> {
  const ending = extname(path).toLowerCase();
  if (ending === '.mrxs') return miraxParts(path);
  if (ending === '.vms' || ending === '.vmu') return hamamatsuParts(path);
  const series = await dicomSeries(path);
  return series === null ? alone : dicomParts(path, series, folders);
}
