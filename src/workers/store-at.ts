import { FileStore } from '../pipeline/store/file-store.js';

const stores = new Map<string, FileStore>();

/**
 * The store of a folder, one object per thread. It remembers which files it has verified, so that a later job in the
 * thread need not verify them again.
 */
export function storeAt(root: string): FileStore {
  const store = stores.get(root) ?? new FileStore(root);
  stores.set(root, store);
  return store;
}
