import { createHash } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HafError } from '../core/errors.js';

/**
 * SHA-256 of a file, read in pieces so that a bag of gigabytes needs no memory; null if it is gone. Synchronous,
 * because stages read their inputs so.
 */
export function hashOfFile(path: string): string | null {
  const hash = createHash('sha256');
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    // Memory of the size of a small file: large pieces are given back to the system each time.
    const chunk = Buffer.allocUnsafe(Math.min(4 << 20, fstatSync(file).size + 1));
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk))
      hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** SHA-256 of what a stream brings. */
export async function hashOfStream(from: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of from) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Writes a stream to a file durably; returns the SHA-256 of what passed. */
export async function writeHashed(from: NodeJS.ReadableStream, path: string): Promise<string> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      hash.update(chunk);
      next(null, chunk);
    },
  });
  await pipeline(from, hashing, createWriteStream(path));
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
  return hash.digest('hex');
}

/** Copies a file whose hash is known. @throws HafError HAF_DATA_CHANGED when its content is another */
export async function copyVerified(from: string, to: string, sha256: string): Promise<void> {
  const copied = await writeHashed(createReadStream(from, { highWaterMark: 1 << 20 }), to);
  if (copied !== sha256) throw hasChanged(from);
}

/** A file of the user's that no longer has the content it was planned with. */
export const hasChanged = (path: string): HafError =>
  new HafError(
    'HAF_DATA_CHANGED',
    `${path} has changed since it was hashed.`,
    'Run the same command again: it will go by the new content.',
    { context: { path } },
  );
