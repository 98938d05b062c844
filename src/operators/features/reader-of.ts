import { closeSync, openSync, readSync } from 'node:fs';
import { extname } from 'node:path';
import { noDataIn } from '../../pipeline/core/no-data.js';
import type { FeatureFile, FeatureReader } from './feature-reader.js';
import { foreign } from './foreign.js';
import { h5Reader } from './h5-reader.js';
import { patientsOfKeys } from './keyed-bags.js';
import { npyReader } from './npy-reader.js';
import { safetensorsReader } from './safetensors-reader.js';
import { torchLegacyReader } from './torch-legacy.js';
import { zipReader } from './zip-reader.js';

const readers: readonly FeatureReader[] = [
  h5Reader,
  zipReader,
  torchLegacyReader,
  npyReader,
  safetensorsReader,
];

/** Bytes to read from the start of a file: enough for all signatures, also HDF5 after a user block of 2048 bytes. */
const headBytes = 4096;

/**
 * The first bytes of a file.
 * @throws the file system's error if it cannot be read
 */
export function headOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const head = new Uint8Array(headBytes);
    return head.subarray(0, readSync(file, head, 0, headBytes, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * The reader for a file, chosen by content and not by name. If the content is unknown, it is chosen by ending, so that the reader
 * reports what is wrong.
 * @throws HafError `HAF_FEATURES_INVALID` if there is no reader, or if the file holds no data at all
 */
export function featureReaderOf({ path, name }: Pick<FeatureFile, 'path' | 'name'>): FeatureReader {
  const head = headOf(path);
  const extension = extname(name).toLowerCase();
  const known = readers.find((candidate) => candidate.recognises(head));
  if (known) return known;
  const instead = noDataIn(head);
  if (instead !== null) throw foreign(instead.what, instead.fix);
  const named = readers.find((candidate) => candidate.extensions.includes(extension));
  if (named) return named;
  const endings = readers.flatMap((candidate) => candidate.extensions).join(', ');
  throw foreign(
    `files ending in "${extension}" cannot be read; ${endings} can`,
    'Change the glob `files` of the modality, or convert the file.',
  );
}

/**
 * The patients of the bags in a feature file, by its name and the names of its arrays. No features are read.
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export function patientsOfFile(
  file: Pick<FeatureFile, 'path' | 'name' | 'patient' | 'names'>,
): readonly string[] {
  const keys = featureReaderOf(file).keys?.(file.path) ?? null;
  return keys === null ? [file.patient].filter((id) => id !== null) : patientsOfKeys(file, keys);
}
