import { claimStoreFolder } from '../../src/pipeline/store/store-folder.js';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { embeddingsFile } from '../../src/operators/stage1/encoder-data.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { blobKey, manifestKey } from '../../src/pipeline/store/layout.js';
import { FaultBench, isEpoch } from '../support/fault-bench.js';
import {
  eventsOf,
  expectNoneTwice,
  expectUndisturbed,
  manifestNames,
  manifestOf,
  outcomeOf,
  typed,
  undisturbed,
} from '../support/fault-runs.js';
import { ownMount } from '../support/own-mount.js';
import { natsServer } from '../support/nats-server.js';

/** Changes a byte in a file of a job's artifact and keeps its length. Returns the path of the file. */
function damage(bench: FaultBench, job: string, file: string): string {
  const stored = manifestOf(bench.folder, job).files.find(({ name }) => name === file);
  const path = join(bench.store, blobKey(stored?.sha256 ?? ''));
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  return path;
}

const isDone =
  (job: string) =>
  (event: RunEvent): boolean =>
    event.type === 'job-done' && event.job === job;

const timesDone = (folder: string, job: string): number => eventsOf(folder).filter(isDone(job)).length;

describe.skipIf(natsServer === null)('what was stored', () => {
  let bench: FaultBench;
  beforeAll(async () => void (await undisturbed()), 240_000);
  afterEach(() => bench.end());

  it('by a nats-server that has lost everything is not needed: the store says what is finished', async () => {
    bench = await FaultBench.withServer();
    const first = bench.up();
    const worker = bench.worker();
    await first.event(isEpoch('stage2', 3));
    first.kill('SIGKILL');
    await bench.nats?.forget();
    const finished = manifestNames(bench.folder);
    const before = eventsOf(bench.folder).length;
    expect(finished.length).toBeGreaterThan(5);
    await bench.nats?.start();
    // The worker needed no restart: it continued although the old server ended and a new one started.
    expect((await bench.up().ended).code).toBe(0);
    const second = eventsOf(bench.folder).slice(before);
    const begun = typed(second, 'job-started').map(({ artifact }) => artifact);
    expect(begun.filter((artifact) => finished.includes(artifact))).toEqual([]);
    expect(begun.length).toBeGreaterThan(0);
    expectNoneTwice(bench.folder);
    expect(outcomeOf(bench.folder)).toEqual(await undisturbed());
    worker.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  }, 240_000);

  it('does not fit on the disk of one worker: another one does the job', async ({ skip }) => {
    bench = await FaultBench.withServer();
    // The marker file is needed: a folder with nothing but `tmp` is not accepted as a store.
    await claimStoreFolder(bench.store);
    const within = ownMount(join(bench.store, 'tmp'), 'full');
    if (!within) return skip('nothing can be mounted here');
    const healthy = bench.worker(['--slots', '1']);
    const full = bench.worker(['--slots', '1'], { within });
    const up = bench.up();
    await healthy.says('worker ready');
    await full.says('worker ready');
    const returned = await up.event(({ type }) => type === 'job-returned');
    expect(JSON.stringify(returned)).toContain('No space left');
    expect((await up.ended).code).toBe(0);
    expect(full.said).toContain('HAF_STORE_FULL');
    await expectUndisturbed(bench.folder);
  }, 240_000);

  it('and has rotted between two runs is found by its hash and made again in the run that needs it', async () => {
    bench = await FaultBench.withServer();
    bench.worker();
    expect((await bench.up().ended).code).toBe(0);
    await expectUndisturbed(bench.folder);
    const blob = damage(bench, 'stage1/fold-0/WSI', embeddingsFile);
    for (const job of [
      'stage2/fold-0/svd',
      'stage3/fold-0/haf',
      'evaluate/fold-0/haf',
      'aggregate',
      'report',
    ])
      rmSync(join(bench.store, manifestKey(manifestOf(bench.folder, job).id)));
    expect((await bench.up().ended).code).toBe(0);
    expect(existsSync(`${blob}.corrupt`)).toBe(true);
    expect(timesDone(bench.folder, 'stage1/fold-0/WSI')).toBe(2);
    expect(timesDone(bench.folder, 'stage1/fold-1/WSI')).toBe(1);
    expect(outcomeOf(bench.folder)).toEqual(await undisturbed());
  }, 240_000);

  it('and rots while the run goes on is made again as well', async () => {
    bench = await FaultBench.withServer();
    const up = bench.up();
    // The test damages the artifact before any training has begun, so no process has read the artifact yet.
    await up.event(isDone('preprocess/fold-0/Blood'));
    await up.event(isDone('preprocess/fold-1/Blood'));
    const blob = damage(bench, 'preprocess/fold-0/Blood', 'vectors.safetensors');
    bench.worker();
    expect((await up.ended).code).toBe(0);
    expect(existsSync(`${blob}.corrupt`)).toBe(true);
    expect(timesDone(bench.folder, 'preprocess/fold-0/Blood')).toBe(2);
    expect(outcomeOf(bench.folder)).toEqual(await undisturbed());
    const failures = await bench.start(['failures', 'latest']).ended;
    expect(failures.stderr).toContain('Nothing failed');
  }, 240_000);
});
