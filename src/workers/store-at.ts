import { FileStore } from '../pipeline/store/file-store.js';

const stores = new Map<string, FileStore>();

/** The store of a folder, one object per thread. It remembers the verified content over all jobs. */
export function storeAt(root: string): FileStore {
  const store = stores.get(root) ?? new FileStore(root);
  stores.set(root, store);
  return store;
}
