import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import h5wasm, { Module, type File } from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { asForeign, foreign } from './foreign.js';
import { Hdf5Guard } from './hdf5-guard.js';
import { hdf5Ready } from './hdf5-library.js';
import { spoil } from './hdf5-spoiled.js';
import { isOfOtherFiles, otherFiles } from './other-files.js';

/**
 * Memory that the library has allocated is never returned. If it exceeds this size, the thread is replaced after the
 * file.
 */
const mostKept = 256 * 2 ** 20;
const again = 'Copy or download it again, or extract its features again.';

/**
 * Opens an HDF5 file for reading, runs `use` on it, and closes it. Meanwhile the library may open no other file.
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export async function withHdf5<T>(name: string, use: (file: File) => T): Promise<T> {
  await hdf5Ready();
  const guard = Hdf5Guard.get();
  // The HDF5 library opens a file by its absolute path, and `Hdf5Guard` compares paths as text. So the guard gets the
  // absolute path, too.
  const path = resolve(name);
  guard.begin(path);
  try {
    return open(path, use, guard);
  } catch (thrown) {
    throw explained(thrown, guard);
  } finally {
    guard.end();
    if (Module.HEAPU8.length > mostKept) spoil();
  }
}

function open<T>(path: string, use: (file: File) => T, guard: Hdf5Guard): T {
  const file = new h5wasm.File(path, 'r');
  // The library reports a failed open only by a negative file id.
  if (file.file_id < 0n) {
    assertOpens(path);
    throw foreign(
      `the HDF5 library cannot open it${guard.reason === null ? '' : ` ("${guard.reason}")`}`,
      'Copy or download it again, or run `h5dump -H` on it.',
    );
  }
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/** Opens a file and closes it, to find the reason why the library could not open it. */
function assertOpens(path: string): void {
  try {
    closeSync(openSync(path, 'r'));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw foreign(
      `it cannot be opened (${code})`,
      'Check its permissions, and that it is a file.',
      null,
      error,
    );
  }
}

/**
 * Converts an error of reading into the reason why the file is refused. An error that is not a fault of the file is
 * returned unchanged.
 */
function explained(thrown: unknown, guard: Hdf5Guard): unknown {
  const broken = !(thrown instanceof Error) || thrown.name === 'RuntimeError';
  // After an abort the memory of the library may be damaged, so this thread must read no further file.
  if (broken) spoil();
  if (isOfOtherFiles(thrown)) return thrown;
  if (guard.refused.length > 0 && (broken || asForeign(thrown) !== null || isOfLibrary(thrown)))
    return otherFiles(guard.refused);
  if (broken) return foreign('its HDF5 structure is damaged: the HDF5 library aborted', again, null, thrown);
  if (isOfLibrary(thrown)) return foreign('its HDF5 structure is damaged', again, null, thrown);
  return thrown;
}

/** The library throws a plain Error without a reason. An instance of a subclass of Error comes from other code. */
const isOfLibrary = (thrown: Error): boolean => !(thrown instanceof HafError) && thrown.constructor === Error;
