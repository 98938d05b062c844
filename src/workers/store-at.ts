import { FileStore } from '../pipeline/store/file-store.js';

const stores = new Map<string, FileStore>();

/** The one store of this thread for a folder: it remembers which content was verified, job after job. */
export function storeAt(root: string): FileStore {
  const store = stores.get(root) ?? new FileStore(root);
  stores.set(root, store);
  return store;
}
