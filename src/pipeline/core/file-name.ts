import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';

/** File name without folders and ending. */
export const stemOf = (name: string): string => basename(name, extname(name));

/** Bytes of a name that file systems take. */
const longestName = 255;

/**
 * A name that file systems take: a longer one keeps its beginning and its ending, with a hash of the whole between. A long name of
 * the user's would otherwise fail with the ending that we add.
 */
export function fittingName(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name;
  const ending = extname(name).slice(0, 20);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const room = longestName - Buffer.byteLength(ending) - hash.length - 1;
  // A character cut in two leaves a replacement character, which goes too.
  const begin = new TextDecoder().decode(Buffer.from(name).subarray(0, room)).replace(/\ufffd+$/, '');
  return `${begin}~${hash}${ending}`;
}

/** A path whose names all fit. */
export const fittingPath = (path: string): string => path.split('/').map(fittingName).join('/');
