import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { storeContract } from './store.js';

storeContract('folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'haf-store-'));
  return Promise.resolve({
    open: () => Promise.resolve(new FileStore(root)),
    read: (key) => Promise.resolve(existsSync(join(root, key)) ? readFileSync(join(root, key)) : null),
    overwrite: (key, bytes) => Promise.resolve(writeFileSync(join(root, key), bytes)),
    remove: (key) => Promise.resolve(rmSync(join(root, key))),
  });
});
