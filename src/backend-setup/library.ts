import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ZipArchive, type ZipEntry } from '../operators/features/zip-archive.js';
import { HafError, type ErrorCode } from '../pipeline/core/errors.js';
import { cudaFolder, libraryFolder, packageFolder } from '../backends/binding-folder.js';
import { unpackTar } from './npm.js';

const framework = 'libtensorflow_framework.so.2';
/** File names of the library with TensorFlow's C interface: the first in Google's archives, the second in wheels. */
const interfaces = ['libtensorflow.so.2', 'libtensorflow_cc.so.2'] as const;

/**
 * The C headers, and the folders of the headers they include. Several places are listed because `c/c_api.h` and
 * `ctstring.h` moved in several TensorFlow versions.
 */
const header = /^tensorflow\/include\/(?:.*\/)?(?:tensorflow\/c|core\/platform|tsl\/platform|tsl\/c)\/.*\.h$/;

/**
 * Returns where each member of TensorFlow's wheel goes in a backend's folder. Only the two libraries and the C headers are needed;
 * the rest is for Python.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT if the wheel holds no C library
 */
export function wheelPlaces(
  wheel: string,
  names: readonly string[],
  folder: string,
): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const name of names) {
    if ([framework, interfaces[1]].some((library) => name === `tensorflow/${library}`))
      places.set(name, join(libraryFolder(folder), basename(name)));
    else if (header.test(name))
      places.set(name, join(headersFolder(folder), name.slice('tensorflow/include/'.length)));
  }
  const missing = [`tensorflow/${interfaces[1]}`, `tensorflow/${framework}`].filter(
    (name) => !places.has(name),
  );
  if (missing.length === 0) return places;
  throw new HafError(
    'HAF_BACKEND_NOT_BUILT',
    `${basename(wheel)} does not hold the C library: ${missing.join(' and ')} missing.`,
    'Choose a wheel of TensorFlow for Linux, 2.12 or newer. In older wheels the library is inside the Python module.',
  );
}

/** The folder of the C headers. */
export const headersFolder = (folder: string): string => join(packageFolder(folder), 'deps', 'include');

/**
 * Copies members of a wheel to the paths that `placesOf` returns for them. Leaves out all other members.
 * @throws HafError of `code` if the wheel is damaged
 */
export async function takeMembers(
  wheel: string,
  placesOf: (names: readonly string[]) => ReadonlyMap<string, string>,
  code: ErrorCode = 'HAF_BACKEND_NOT_BUILT',
): Promise<void> {
  try {
    const archive = new ZipArchive(wheel);
    try {
      const places = placesOf(archive.entries.map(({ name }) => name));
      for (const entry of archive.entries) {
        const place = places.get(entry.name);
        if (place === undefined) continue;
        await mkdir(dirname(place), { recursive: true });
        await archive.extract(entry, place);
      }
    } finally {
      archive.close();
    }
  } catch (error) {
    throw damaged(wheel, error, code);
  }
}

/**
 * The zip reader is made for feature files, so its errors are about a feature file. This function turns such an error
 * into one about the wheel.
 */
function damaged(wheel: string, error: unknown, code: ErrorCode = 'HAF_BACKEND_NOT_BUILT'): unknown {
  if (!(error instanceof HafError) || error.code !== 'HAF_FEATURES_INVALID') return error;
  const fix = 'Download it again.';
  return new HafError(code, `${wheel}: ${error.what}`, fix, { cause: error });
}

/**
 * Extracts libraries and headers from TensorFlow's wheel.
 * @throws HafError HAF_BACKEND_NOT_BUILT
 */
export const takeFromWheel = (wheel: string, folder: string): Promise<void> =>
  takeMembers(wheel, (names) => wheelPlaces(wheel, names, folder));

/**
 * Unpacks the libraries of CUDA's wheels into neighbouring folders, because the libraries look for each other there.
 */
export const takeCuda = (wheel: string, folder: string): Promise<void> =>
  takeMembers(wheel, (names) => {
    const members = names.filter((name) => /^nvidia\/[^/]+\/lib\/[^/]+\.so(?:\.|$)/.test(name));
    return new Map(members.map((name) => [name, join(cudaFolder(folder), name)]));
  });

/**
 * Returns the text of a wheel's METADATA file.
 * @throws HafError HAF_BACKEND_NOT_BUILT
 */
export function metadataOf(wheel: string): string {
  try {
    const archive = new ZipArchive(wheel);
    try {
      const isMetadata = ({ name }: ZipEntry): boolean => /^[^/]+\.dist-info\/METADATA$/.test(name);
      const entry = archive.entries.find(isMetadata);
      return entry ? Buffer.from(archive.read(entry)).toString('utf8') : '';
    } finally {
      archive.close();
    }
  } catch (error) {
    throw damaged(wheel, error);
  }
}

/** Unpacks an archive of libtensorflow (`lib/`, `include/`), as Google publishes it. */
export const takeFromArchive = (archive: string, folder: string): Promise<void> =>
  unpackTar(archive, join(packageFolder(folder), 'deps'));

/**
 * Lists the libraries to link with.
 * @throws HafError HAF_BACKEND_NOT_BUILT if they are missing
 */
export async function librariesIn(folder: string): Promise<readonly string[]> {
  const files: readonly string[] = await readdir(libraryFolder(folder)).catch(() => []);
  const found = interfaces.find((name) => files.includes(name));
  if (found !== undefined && files.includes(framework)) return [found, framework];
  throw new HafError(
    'HAF_BACKEND_NOT_BUILT',
    `The unpacked files have no ${interfaces[0]} with ${framework} in lib/.`,
    'Use --from with an archive of libtensorflow for Linux (with lib/ and include/), or with a wheel of TensorFlow.',
  );
}
