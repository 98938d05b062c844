import { basename, extname } from 'node:path';

/** File name without folders and ending. */
export const stemOf = (name: string): string => basename(name, extname(name));
