import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CachedStore } from '../../src/pipeline/store/cached-store.js';
import { MemoryRemote } from '../support/memory-remote.js';
import { storeContract } from './store.js';

storeContract('cache over a remote in memory', () => {
  const remote = new MemoryRemote();
  const cache = (): string => mkdtempSync(join(tmpdir(), 'haf-cache-'));
  return Promise.resolve({
    open: () => Promise.resolve(new CachedStore(remote, cache(), 1 << 30)),
    read: async (key) => (await remote.get(key))?.bytes ?? null,
    overwrite: (key, bytes) => remote.put(key, bytes),
    remove: (key) => remote.delete(key),
  });
});
