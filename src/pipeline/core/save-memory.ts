import { setFlagsFromString } from 'node:v8';

/** Number of files from which a run gives up some speed to save memory. */
const manyFiles = 50_000;

/**
 * Lets V8 collect garbage earlier in a run with very many files. By default V8 waits until the heap is four times the
 * live size: with a hundred thousand cached files 0.4 GB were live, and 1.2 GB were allocated.
 */
export function saveMemory(files: number): void {
  if (files >= manyFiles) setFlagsFromString('--optimize-for-size');
}
