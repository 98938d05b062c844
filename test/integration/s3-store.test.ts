import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { openStore } from '../../src/pipeline/store/open-store.js';
import { S3Remote } from '../../src/pipeline/store/s3-remote.js';
import type { ArtifactStore } from '../../src/pipeline/store/store.js';
import { storeContract } from '../conformance/store.js';
import { bytesOf, testManifest } from '../support/manifests.js';
import { s3Bucket, s3Credentials, s3Server, startS3Server, type RunningS3 } from '../support/s3-server.js';

const freshCache = (): string => mkdtempSync(join(tmpdir(), 'haf-s3-cache-'));
const open = (uri: string): Promise<ArtifactStore> => openStore(uri, { cache: freshCache() });

describe.skipIf(s3Server === null)(`a store on an S3 server (${s3Server?.command ?? 'none'})`, () => {
  let server: RunningS3;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    for (const [name, value] of Object.entries(s3Credentials)) vi.stubEnv(name, value);
    vi.stubEnv('AWS_ENDPOINT_URL', server.endpoint);
  });
  afterEach(() => vi.unstubAllEnvs());

  storeContract('cache over S3', () => {
    const prefix = `lab/${randomUUID()}`;
    const remote = new S3Remote(s3Bucket, prefix);
    return Promise.resolve({
      open: () => open(`s3://${s3Bucket}/${prefix}/`),
      read: async (key) => (await remote.get(key))?.bytes ?? null,
      overwrite: (key, bytes) => remote.put(key, bytes),
      remove: (key) => remote.delete(key),
    });
  });

  it('lets exactly one of many conditional writes through, and none over another version', async () => {
    const remote = new S3Remote(s3Bucket, randomUUID());
    const race = (etag: string | null): Promise<boolean[]> =>
      Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((i) => remote.putIf('key', bytesOf(`${i}`), etag)));
    expect((await race(null)).filter(Boolean)).toHaveLength(1);
    const { etag } = (await remote.get('key')) ?? { etag: '' };
    expect(await remote.putIf('key', bytesOf('next'), etag)).toBe(true);
    expect((await race(etag)).filter(Boolean)).toHaveLength(0);
  });

  it('uploads nothing of a file that has other content than its name says', async () => {
    const remote = new S3Remote(s3Bucket, randomUUID());
    const path = join(freshCache(), 'file');
    for (const bytes of [7, 40 << 20]) {
      writeFileSync(path, Buffer.alloc(bytes));
      await expect(remote.putFile('blobs/x', path, sha256('other'))).rejects.toMatchObject({
        code: 'HAF_DATA_CHANGED',
      });
      expect(await remote.size('blobs/x')).toBeNull();
    }
  });

  const fault = async (uri: string): Promise<{ what: string; fix: string }> =>
    (await open(uri)).manifest(sha256('recipe')).then(
      () => ({ what: 'nothing', fix: '' }),
      (error: { what: string; fix: string }) => {
        expect(error).toMatchObject({ code: 'HAF_STORE_UNREACHABLE', exitCode: 69, retryable: true });
        return error;
      },
    );

  it('says when the bucket or the server is not there, and where it looked', async () => {
    const missing = await fault('s3://no-such-bucket/lab');
    expect(missing.what).toContain(`s3://no-such-bucket/lab has no bucket at ${server.endpoint}`);
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    const unreachable = await fault(`s3://${s3Bucket}/lab`);
    expect(unreachable.what).toContain('http://127.0.0.1:9');
    expect(unreachable.fix).toContain('AWS_ENDPOINT_URL');
  });

  it.skipIf(!s3Server?.authenticates)('says when the credentials are refused', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
    const denied = await fault(`s3://${s3Bucket}/lab`);
    expect(denied.what).toContain('refuses access');
    expect(denied.fix).toContain('AWS_ACCESS_KEY_ID');
  });

  it('says when no credentials are to be found, without asking the network for them', async () => {
    for (const name of Object.keys(s3Credentials)) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent');
    await expect((await open(`s3://${s3Bucket}/lab`)).manifest(sha256('recipe'))).rejects.toMatchObject({
      code: 'HAF_STORE_UNREACHABLE',
      what: expect.stringContaining('No credentials') as string,
      fix: expect.stringContaining('AWS_PROFILE') as string,
    });
  });

  it('outlives a restart of the server in the middle of a commit', async () => {
    const store = await open(`s3://${s3Bucket}/${randomUUID()}`);
    const manifest = testManifest([await store.write('a', bytesOf('content'))]);
    await server.stop();
    const commit = store.commit(manifest);
    await server.start();
    expect(await commit).toEqual(manifest);
  });

  it('has a cache of its own per store, below the given folder', async () => {
    const cache = freshCache();
    const [one, two] = await Promise.all(
      ['a', 'b'].map((prefix) => openStore(`s3://${s3Bucket}/${prefix}`, { cache })),
    );
    expect(one?.uri).toBe(`s3://${s3Bucket}/a`);
    expect(one?.localRoot.startsWith(join(cache, s3Bucket))).toBe(true);
    expect(one?.localRoot).not.toBe(two?.localRoot);
    await one?.write('a', bytesOf('content'));
    expect(existsSync(join(one?.localRoot ?? '', 'blobs'))).toBe(true);
  });
});
