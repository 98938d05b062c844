import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';

/** File name without folders and ending. */
export const stemOf = (name: string): string => basename(name, extname(name));

/** Maximum length of a file name in bytes. */
const longestName = 255;

/**
 * A name that fits into a file system. A longer name keeps its beginning and its ending, with a hash of the whole
 * name between. Without this, a long name of the user would fail when the program adds an ending.
 */
export function fittingName(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name;
  const ending = extname(name).slice(0, 20);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const room = longestName - Buffer.byteLength(ending) - hash.length - 1;
  // A character that was cut in two leaves a replacement character, which is removed too.
  const begin = new TextDecoder().decode(Buffer.from(name).subarray(0, room)).replace(/\ufffd+$/, '');
  return `${begin}~${hash}${ending}`;
}

/** A path in which each name was shortened by `fittingName`. */
export const fittingPath = (path: string): string => path.split('/').map(fittingName).join('/');
