import type { ErrorContext, HafErrorData } from '../../pipeline/core/errors.js';
import type { FeatureContent, FeatureFile } from './feature-reader.js';
import { MemoryBudget } from './memory-budget.js';
import { featureReaderOf } from './reader-of.js';
import type { ArrayShape } from './stored-array.js';
import type { StoredTiles } from './stored-tiles.js';

/** A request to read a feature file. It has no memory budget, because the reading thread creates the budget. */
export type FeatureRequest = Omit<FeatureFile, 'budget'>;

/** A request to read shapes or tile positions from an untrusted file. */
export interface FileRequest {
  readonly path: string;
  /** Name in messages. If the content is unknown, its ending selects the reader. */
  readonly name: string;
}

/** The requests that a reading thread handles. */
export interface ReadingTasks {
  features(request: FeatureRequest, memoryMiB: number): Promise<FeatureContent>;
  shapes(request: FileRequest, memoryMiB: number): Promise<readonly ArrayShape[]>;
  tiles(request: FileRequest, memoryMiB: number): Promise<StoredTiles>;
}

export const readingTasks: ReadingTasks = {
  features: async (request, memoryMiB) => {
    const file = { ...request, budget: new MemoryBudget(memoryMiB) };
    return featureReaderOf(file).read(file);
  },
  shapes: async (file, memoryMiB) => featureReaderOf(file).shapes(file.path, new MemoryBudget(memoryMiB)),
  tiles: async ({ path }, memoryMiB) =>
    (await import('./stored-tiles.js')).readStoredTiles(path, new MemoryBudget(memoryMiB)),
};

export interface ToReadingThread {
  readonly task: keyof ReadingTasks;
  readonly request: FeatureRequest | FileRequest;
  readonly memoryMiB: number;
}

/** `spoiled`: the HDF5 library aborted or holds much memory, so the thread must not read another file. */
export type FromReadingThread = { readonly spoiled: boolean } & (
  { readonly value: unknown } | { readonly error: HafErrorData & { readonly context: ErrorContext } }
);
