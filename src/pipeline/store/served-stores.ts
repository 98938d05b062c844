import { realpathSync } from 'node:fs';
import { openStores } from './open-stores.js';
import { parseStoreUri, type OpenStoreOptions } from './open-store.js';
import type { ArtifactStore } from './store.js';

/** The stores of a worker: which jobs it serves, and where their artifacts are on its machine. */
export interface ServedStores {
  readonly serves: (job: { readonly store: string }) => boolean;
  readonly storeOf: (job: { readonly store: string }) => Promise<ArtifactStore>;
}

/** The store of a worker that was started without `--store`. */
export const defaultStore = './.haf/store';

/**
 * The stores that a worker was started with. With `named`, the artifacts of every job are looked up in that store
 * only, whatever its message says, because machines have different names for a shared folder. Without `named`, the
 * worker serves the default folder, and buckets, for which it has its own credentials. It never opens another folder
 * that a message names.
 *
 * @param onForeign called once for each store that is not served
 */
export function servedStores(
  named: string | undefined,
  options: OpenStoreOptions,
  onForeign: (store: string) => void,
): ServedStores {
  const open = openStores(options);
  if (named !== undefined) return { serves: () => true, storeOf: () => open(named) };
  const told = new Set<string>();
  return {
    serves: ({ store }) => {
      const place = placeOf(store);
      if (place !== null && (place === placeOf(defaultStore) || place.startsWith('s3:'))) return true;
      if (!told.has(store)) onForeign(store);
      told.add(store);
      return false;
    },
    storeOf: ({ store }) => open(placeOf(store) === placeOf(defaultStore) ? defaultStore : store),
  };
}

/** One canonical name for each store; for a folder its real path. Null for an invalid address. */
function placeOf(uri: string): string | null {
  try {
    const place = parseStoreUri(uri);
    return place.type === 's3' ? `s3://${place.bucket}/${place.prefix}` : real(place.root);
  } catch {
    return null;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
