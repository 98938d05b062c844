import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HafError } from '../pipeline/core/errors.js';

/**
 * Compares a file that was fetched with the hash that is written in this release, before anything of it is unpacked.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT when it is another file
 */
export async function requirePinned(path: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new HafError(
    'HAF_BACKEND_NOT_BUILT',
    `${basename(path)} is not the file that this release was tested with: its SHA-256 is ${found}, not ${sha256}. Nothing of it was used.`,
    'Check the registry that "npm config ls" shows: a mirror may serve another file, or the download was damaged.',
  );
}
