import type { OpenStoreOptions } from './open-store.js';
import { openStore } from './open-store.js';
import type { ArtifactStore } from './store.js';

/** Opens stores by URI, each only once. A store that could not be opened is tried again at the next call. */
export function openStores(
  options: OpenStoreOptions = {},
  known: readonly ArtifactStore[] = [],
): (uri: string) => Promise<ArtifactStore> {
  const opened = new Map(known.map((store) => [store.uri, Promise.resolve(store)]));
  const open = async (uri: string): Promise<ArtifactStore> => {
    const store = await openStore(uri, options);
    await store.sweep(Date.now());
    return store;
  };
  return (uri) => {
    const found = opened.get(uri) ?? open(uri);
    opened.set(uri, found);
    found.catch(() => opened.delete(uri));
    return found;
  };
}
