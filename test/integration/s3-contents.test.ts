import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { collectStore, repairStore, verifyStore } from '../../src/pipeline/cli/store.js';
import { blobKey, manifestKey } from '../../src/pipeline/store/layout.js';
import { openStore } from '../../src/pipeline/store/open-store.js';
import { RemoteKeeper } from '../../src/pipeline/store/remote-keeper.js';
import { S3Remote } from '../../src/pipeline/store/s3-remote.js';
import { collectable, removeAll, youngMs } from '../../src/pipeline/store/store-contents.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';
import { testConfig } from '../support/jobs.js';
import { bytesOf, testManifest } from '../support/manifests.js';
import { s3Bucket, s3Credentials, s3Server, startS3Server, type RunningS3 } from '../support/s3-server.js';

const fresh = (name: string): string => mkdtempSync(join(tmpdir(), name));

describe.skipIf(s3Server === null)(`store commands on an S3 server (${s3Server?.command ?? 'none'})`, () => {
  let server: RunningS3;
  let [prefix, uri] = ['', ''];
  let printed: string[];
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    for (const [name, value] of Object.entries(s3Credentials)) vi.stubEnv(name, value);
    vi.stubEnv('AWS_ENDPOINT_URL', server.endpoint);
    prefix = `lab/${randomUUID()}`;
    uri = `s3://${s3Bucket}/${prefix}`;
    printed = [];
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  /** A store with some artifacts. */
  const filled = async (names: readonly string[]) => {
    const store = await openStore(uri, { cache: fresh('haf-s3-cache-') });
    await store.sweep(Date.now());
    const made = [];
    for (const name of names)
      made.push(
        await store.commit(testManifest([await store.write(name, bytesOf(`content of ${name}`))], 1, name)),
      );
    return { store, made, remote: new S3Remote(s3Bucket, prefix) };
  };

  it('say that there is no store instead of finding none damaged', async () => {
    await expect(verifyStore({ store: uri })).rejects.toMatchObject({
      code: 'HAF_USAGE',
      what: `There is no store at ${uri}.`,
    });
    await expect(verifyStore({ store: fresh('haf-no-store-') })).rejects.toMatchObject({ code: 'HAF_USAGE' });
  });

  it('verify and repair: damage is found by its hash, and taken away', async () => {
    const { store, made, remote } = await filled(['a', 'b']);
    expect(await verifyStore({ store: uri })).toBe(0);
    const digest = made[0]?.files[0]?.sha256 ?? '';
    await remote.put(blobKey(digest), bytesOf('content of ?'));
    expect(await verifyStore({ store: uri })).toBe(1);
    expect(printed.join('')).toContain(`damaged  ${uri}/${blobKey(digest)}`);
    expect(await repairStore({ store: uri })).toBe(0);
    expect(printed.join('')).toContain('removed; "haf-pipeline up" computes their artifacts again');
    expect(await remote.size(blobKey(digest))).toBeNull();
    expect(await store.manifest(made[0]?.id ?? '')).toBeNull();
    expect(await store.manifest(made[1]?.id ?? '')).not.toBeNull();
  });

  it('gc: lists first, keeps the last hour by the clock of the server, and removes what no run needs', async () => {
    const { store, made, remote } = await filled(['a', 'b']);
    const runs = fresh('haf-s3-runs-');
    const run = new RunDirectory(runs, 'r');
    const facts = { codeVersion: '0', dataRoot: '/', host: 'h', node: 'v20' };
    run.writeInfo({ state: 'succeeded', config: testConfig(), ...facts });
    run.write('plan.json', '{}');
    // The clock of this machine is ahead, so all objects look old. The clock of the server decides.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * youngMs });
    await collectStore([], { store: uri, runs, delete: true }).finally(() => vi.useRealTimers());
    expect(printed.join('')).toContain('removed: 0 files');
    const keeper = new RemoteKeeper(remote);
    const needed = { ids: new Set([made[0]?.id ?? '']), content: new Set<string>() };
    const found = await collectable(keeper, needed, (await keeper.now()) + 2 * youngMs);
    expect(found.map(({ key }) => key)).toEqual([
      manifestKey(made[1]?.id ?? ''),
      blobKey(made[1]?.files[0]?.sha256 ?? ''),
    ]);
    await removeAll(keeper, found);
    expect(await store.manifest(made[0]?.id ?? '')).not.toBeNull();
    expect(await remote.get(manifestKey(made[1]?.id ?? ''))).toBeNull();
  });

  it('see all objects of a listing of several pages', async () => {
    const remote = new S3Remote(s3Bucket, prefix);
    const keys = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => remote.put(key, bytesOf(key))));
    const found: string[] = [];
    for await (const { key } of remote.list('many/')) found.push(key);
    expect(found.sort()).toEqual(keys);
  });
});
