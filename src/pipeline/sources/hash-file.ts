import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Files up to this size are read at once, because a stream would cost more than reading the content. */
const smallBytes = 1 << 20;

/**
 * SHA-256 of a file's content. A large file is read as a stream.
 *
 * @param bytes its size, if the caller knows it
 */
export async function hashFile(path: string, bytes?: number): Promise<string> {
  const hash = createHash('sha256');
  const size = bytes ?? (await stat(path)).size;
  if (size <= smallBytes) return hash.update(await readFile(path)).digest('hex');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
