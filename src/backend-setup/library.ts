import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ZipArchive, type ZipEntry } from '../operators/features/zip-archive.js';
import { HafError, type ErrorCode } from '../pipeline/core/errors.js';
import { cudaFolder, libraryFolder, packageFolder } from '../backends/binding-folder.js';
import { unpackTar } from './npm.js';

const framework = 'libtensorflow_framework.so.2';
/** The C interface: of Google's archives, and of wheels. */
const interfaces = ['libtensorflow.so.2', 'libtensorflow_cc.so.2'] as const;

/** The C headers, and where they include others from: `c/c_api.h` and `ctstring.h` moved several times. */
const header = /^tensorflow\/include\/(?:.*\/)?(?:tensorflow\/c|core\/platform|tsl\/platform|tsl\/c)\/.*\.h$/;

/**
 * Where each member of TensorFlow's wheel goes in a backend's folder: two libraries and the C headers; the rest is Python's.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT when the wheel holds no C library
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
    'Choose a wheel of TensorFlow for Linux, 2.12 or newer; those before have the library inside their Python module.',
  );
}

/** Where the C headers are. */
export const headersFolder = (folder: string): string => join(packageFolder(folder), 'deps', 'include');

/** Takes members of a wheel to the places that `placesOf` gives them; the others are left out. @throws HafError of `code` when it is damaged */
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

/** A damaged archive is reported for what it is here, not as a feature file. */
function damaged(wheel: string, error: unknown, code: ErrorCode = 'HAF_BACKEND_NOT_BUILT'): unknown {
  if (!(error instanceof HafError) || error.code !== 'HAF_FEATURES_INVALID') return error;
  const fix = 'Download it again.';
  return new HafError(code, `${wheel}: ${error.what}`, fix, { cause: error });
}

/** Takes libraries and headers out of TensorFlow's wheel. @throws HafError HAF_BACKEND_NOT_BUILT */
export const takeFromWheel = (wheel: string, folder: string): Promise<void> =>
  takeMembers(wheel, (names) => wheelPlaces(wheel, names, folder));

/** Unpacks the libraries of CUDA's wheels beside them, where they look for one another. */
export const takeCuda = (wheel: string, folder: string): Promise<void> =>
  takeMembers(wheel, (names) => {
    const members = names.filter((name) => /^nvidia\/[^/]+\/lib\/[^/]+\.so(?:\.|$)/.test(name));
    return new Map(members.map((name) => [name, join(cudaFolder(folder), name)]));
  });

/** The text of a wheel's METADATA. @throws HafError HAF_BACKEND_NOT_BUILT */
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

/** The libraries to link with. @throws HafError HAF_BACKEND_NOT_BUILT when they are not there */
export async function librariesIn(folder: string): Promise<readonly string[]> {
  const files: readonly string[] = await readdir(libraryFolder(folder)).catch(() => []);
  const found = interfaces.find((name) => files.includes(name));
  if (found !== undefined && files.includes(framework)) return [found, framework];
  throw new HafError(
    'HAF_BACKEND_NOT_BUILT',
    `There is no ${interfaces[0]} with ${framework} in lib/ of what was unpacked.`,
    'Give --from an archive of libtensorflow for Linux (lib/ and include/), or a wheel of TensorFlow.',
  );
}
