import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Files up to this size are read at once, because a stream would cost more than reading the content. */
const smallBytes = 1 << 20;

/** SHA-256 of a file's content. A large file is read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  if ((await stat(path)).size <= smallBytes) return hash.update(await readFile(path)).digest('hex');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
