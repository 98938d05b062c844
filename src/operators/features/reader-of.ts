import { extname } from 'node:path';
import type { FeatureReader } from './feature-reader.js';
import { foreign } from './foreign.js';
import { h5Reader } from './h5-reader.js';
import { npzReader } from './npz-reader.js';

const readers: readonly FeatureReader[] = [h5Reader, npzReader];

/** The reader for a file, by the ending of its name. @throws HafError `HAF_FEATURES_INVALID` when there is none */
export function readerOf(name: string): FeatureReader {
  const extension = extname(name).toLowerCase();
  const reader = readers.find((candidate) => candidate.extensions.includes(extension));
  if (reader) return reader;
  const known = readers.flatMap((candidate) => candidate.extensions).join(', ');
  throw foreign(
    `files ending in "${extension}" cannot be read; ${known} can`,
    'Change the glob in data.*.files, or convert the file.',
  );
}
