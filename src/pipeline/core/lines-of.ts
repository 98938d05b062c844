import { closeSync, existsSync, openSync, readSync } from 'node:fs';

const chunkBytes = 1 << 20;
const newLine = 10;

/**
 * The lines of a text file without line ends, read in pieces. Empty if the file is missing.
 *
 * @param from byte at which a line begins
 */
export function* linesOf(path: string, from = 0): Generator<string> {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    for (let position = from; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const read = readSync(file, chunk, 0, chunk.length, position);
      if (read === 0) break;
      position += read;
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      let start = 0;
      for (let to = bytes.indexOf(newLine); to >= 0; to = bytes.indexOf(newLine, start)) {
        yield bytes.toString('utf8', start, to);
        start = to + 1;
      }
      rest = bytes.subarray(start);
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    closeSync(file);
  }
}
