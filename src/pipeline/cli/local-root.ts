import { openStore } from '../store/open-store.js';

/** The folder on this machine that belongs to a store. The store's own broker runs there. */
export const localRootOf = async (store: string): Promise<string> => (await openStore(store)).localRoot;
