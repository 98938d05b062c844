import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { openStore, parseStoreUri } from '../../src/pipeline/store/open-store.js';

describe('where a store lies', () => {
  it('is a folder, resolved, or a bucket and a prefix', async () => {
    expect(parseStoreUri('.haf/store')).toEqual({ type: 'folder', root: resolve('.haf/store') });
    expect(parseStoreUri('C:\\haf')).toMatchObject({ type: 'folder' });
    expect(parseStoreUri('s3://lab')).toEqual({ type: 's3', bucket: 'lab', prefix: '' });
    expect(parseStoreUri('s3://my.lab-1/a//b/')).toEqual({ type: 's3', bucket: 'my.lab-1', prefix: 'a/b' });
    const store = await openStore('.haf/store');
    expect(store).toBeInstanceOf(FileStore);
    expect([store.uri, store.localRoot]).toEqual([resolve('.haf/store'), resolve('.haf/store')]);
  });

  it.each(['', ' ', 's3:lab', 's3:/lab/x', 's3://', 's3://l', 's3://la b/x', 's3://lab/../other'])(
    'refuses %j and says what a store is',
    async (uri) => {
      await expect(openStore(uri)).rejects.toMatchObject({
        code: 'HAF_USAGE',
        fix: expect.stringContaining('s3://BUCKET/PREFIX') as string,
      });
    },
  );

  it.each(['gs://lab/x', 'https://minio.lab/bucket', 'file:///srv/store'])('names the type of %s', (uri) => {
    expect(() => parseStoreUri(uri)).toThrow(`there are none of type ${uri.split(':')[0]}`);
  });
});
