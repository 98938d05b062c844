import { openStore } from '../store/open-store.js';

/** The local folder of a store. The store's own broker runs there. */
export const localRootOf = async (store: string): Promise<string> => (await openStore(store)).localRoot;
