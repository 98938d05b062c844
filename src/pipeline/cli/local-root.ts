import { openStore } from '../store/open-store.js';

/** The folder on this machine that belongs to a store; its own broker lives there. */
export const localRootOf = async (store: string): Promise<string> => (await openStore(store)).localRoot;
