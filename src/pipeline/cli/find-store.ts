import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { say } from './output.js';

/** Default folder of the store, relative to the working directory. */
export const defaultStore = './.haf/store';

/**
 * The store of a command that has an experiment. If `--store` is absent and the working directory has no store, the
 * store beside the experiment file is used, if there is one. In a new store, everything would be computed again.
 */
export function findStore<T extends { readonly store: string; readonly config: string }>(options: T): T {
  const beside = join(dirname(resolve(options.config)), defaultStore);
  if (options.store !== defaultStore || existsSync(defaultStore) || !existsSync(beside)) return options;
  say(`using the store beside the experiment, because this folder has none: --store ${beside}`);
  return { ...options, store: beside };
}
