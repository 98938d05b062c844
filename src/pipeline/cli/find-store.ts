import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { say } from './output.js';

/** Where a store is when nobody says otherwise, below the working directory. */
export const defaultStore = './.haf/store';

/**
 * The store of a command that has an experiment. Without `--store`, and without a store in the working directory, it is the
 * one beside the experiment file, if there is one: a second store would compute everything again.
 */
export function findStore<T extends { readonly store: string; readonly config: string }>(options: T): T {
  const beside = join(dirname(resolve(options.config)), defaultStore);
  if (options.store !== defaultStore || existsSync(defaultStore) || !existsSync(beside)) return options;
  say(`the store beside the experiment is used, because there is none here: --store ${beside}`);
  return { ...options, store: beside };
}
