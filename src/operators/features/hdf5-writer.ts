import { readFileSync, writeFileSync } from 'node:fs';
import h5wasm from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { hdf5Ready } from './hdf5-library.js';

/** Header of a modification-time message in an HDF5 object header (HDF5 file format IV.A.2.s), before its four bytes of seconds. */
const timeMessage = Buffer.from([0x12, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0]);

/**
 * The library stamps every dataset with the time of writing and has no option against this. This function clears the
 * stamps, so that files with equal content have equal bytes.
 */
function clearTimes(path: string, datasets: number): void {
  const bytes = readFileSync(path);
  let cleared = 0;
  for (let at = bytes.indexOf(timeMessage); at >= 0; at = bytes.indexOf(timeMessage, at + 1)) {
    bytes.fill(0, at + timeMessage.length, at + timeMessage.length + 4);
    cleared++;
  }
  if (cleared !== datasets)
    // The library does not report a failed write. A wrong number of time stamps reveals it.
    throw new HafError(
      'HAF_PATH_UNUSABLE',
      `${path} was not written in full: it has ${cleared} time stamps, ${datasets} are expected.`,
      'Check whether its disk is full; TMPDIR names the folder of temporary files.',
    );
  writeFileSync(path, bytes);
}

/**
 * Writes an HDF5 file whose bytes depend only on its content.
 *
 * @param fill puts the datasets into the file
 * @param datasets the number of datasets
 * @throws HafError `HAF_PATH_UNUSABLE` if the file cannot be created or written completely
 */
export async function writeHdf5(
  path: string,
  datasets: number,
  fill: (file: InstanceType<typeof h5wasm.File>) => void,
): Promise<void> {
  await hdf5Ready();
  // The oldest layout is the default of h5py, and its headers have no checksum over the time stamps, so `clearTimes`
  // may change them.
  const file = new h5wasm.File(path, 'w', { libver: ['earliest', 'latest'] });
  if (file.file_id < 0n) {
    // The library does not report why it cannot create the file. This write throws an error with the reason.
    writeFileSync(path, '');
    throw new HafError(
      'HAF_PATH_UNUSABLE',
      `${path} cannot be created by the HDF5 library.`,
      'Check the folder and its permissions.',
    );
  }
  try {
    fill(file);
  } finally {
    file.close();
  }
  clearTimes(path, datasets);
}
