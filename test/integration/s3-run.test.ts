import { mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, ended, startCli, type CliResult } from '../support/cli.js';
import { jetstream, natsServer, startNats, type TestServer } from '../support/nats-server.js';
import { s3Bucket, s3Credentials, s3Server, startS3Server, type RunningS3 } from '../support/s3-server.js';
import { predictionsOf, workFolder } from '../support/small-cohort.js';

/** Resolves when a process has written this text to stderr. */
const said = (child: ChildProcessWithoutNullStreams, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(what)) resolve();
    });
    child.once('close', () => reject(new Error(`it ended without saying "${what}":\n${text}`)));
  });

describe.skipIf(s3Server === null || natsServer === null)('a run whose store is a bucket', () => {
  const store = `s3://${s3Bucket}/lab`;
  const changes = {
    methods: ['haf', 'blood'] as ('haf' | 'blood')[],
    train: { epochs: 3, lr: 1e-3, batch: 16 },
  };
  let servers: readonly [RunningS3, TestServer];
  let broker: readonly string[];
  let folder: string;
  let result: CliResult;
  let left: CliResult;
  /** A working folder without any file of the run. Only the bucket and the broker are shared. */
  const elsewhere = mkdtempSync(join(tmpdir(), 'haf-elsewhere-'));

  beforeAll(async () => {
    servers = [await startS3Server(), await startNats(jetstream)];
    const [s3, nats] = servers;
    broker = ['--nats', `nats://127.0.0.1:${nats.port}`];
    Object.assign(process.env, s3Credentials, { AWS_ENDPOINT_URL: s3.endpoint, AWS_REGION: 'us-east-1' });
    folder = await workFolder(changes);
    const worker = startCli(
      ['worker', ...broker, '--class', 'gpu', '--slots', '1', '--cache', 'cache'],
      elsewhere,
    );
    const leaving = ended(worker);
    const run = ['up', ...broker, '--store', store, '--cache', 'cache', '--workers', '0', '--share-data'];
    const up = startCli([...run, '--json'], folder);
    const finished = ended(up);
    await said(up, 'shared ');
    // From now on the cohort is in the bucket only.
    renameSync(join(folder, 'data'), join(folder, 'moved'));
    result = await finished;
    worker.kill('SIGTERM');
    left = await leaving;
    renameSync(join(folder, 'moved'), join(folder, 'data'));
  }, 240_000);

  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('is trained by a worker that has neither the cohort nor the cache of up', async () => {
    expect(result.stderr).toContain('shared ');
    expect(result.code).toBe(0);
    expect(left.code).toBe(0);
    expect(left.stderr).toContain('stage3/fold-1/haf');
    const plain = await workFolder(changes);
    expect((await cli(['up', '--workers', '1', '--no-broker'], plain)).code).toBe(0);
    expect(predictionsOf(folder)).toBe(predictionsOf(plain));
  }, 240_000);

  it('is taken from the bucket by another machine, with an empty cache and no worker', async () => {
    const again = ['up', ...broker, '--store', store, '--workers', '0', '--cache', 'other-cache', '--json'];
    const { code, stdout } = await cli(again, folder);
    expect(stdout).not.toContain('"job-queued"');
    expect(code).toBe(0);
  }, 120_000);
});
