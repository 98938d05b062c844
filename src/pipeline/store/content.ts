import { createHash } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HafError } from '../core/errors.js';

/**
 * SHA-256 of a file, read in pieces so that large bags need little memory. Null if the file does not exist.
 * Synchronous, because stages read their inputs synchronously.
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
    // For small files the buffer is only as large as the file. A large buffer is slow, because its memory is returned
    // to the operating system after each file.
    const chunk = Buffer.allocUnsafe(Math.min(4 << 20, fstatSync(file).size + 1));
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk))
      hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** SHA-256 of the bytes of a stream. */
export async function hashOfStream(from: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of from) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Writes a stream to a file durably. Returns the SHA-256 of the written bytes. */
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

/**
 * Copies a file whose hash is known.
 * @throws HafError HAF_DATA_CHANGED if its content has another hash
 */
export async function copyVerified(from: string, to: string, sha256: string): Promise<void> {
  const copied = await writeHashed(createReadStream(from, { highWaterMark: 1 << 20 }), to);
  if (copied !== sha256) throw hasChanged(from);
}

/** The error for a user's file whose content differs from the planned one. */
export const hasChanged = (path: string): HafError =>
  new HafError(
    'HAF_DATA_CHANGED',
    `${path} has changed since it was hashed.`,
    'Run the same command again: it will use the new content.',
    { context: { path } },
  );
