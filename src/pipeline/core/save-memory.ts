import { setFlagsFromString } from 'node:v8';

/** From so many files on, memory decides before speed. */
const manyFiles = 50_000;

/**
 * Lets V8 collect garbage earlier in a run of very many files. V8 otherwise waits until the heap is four times what is live: of
 * a hundred thousand cached files 0.4 GB are live, and 1.2 GB were taken.
 */
export function saveMemory(files: number): void {
  if (files >= manyFiles) setFlagsFromString('--optimize-for-size');
}
