import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { cli, ended, eventOf, startCli, trainersOf, type CliResult } from '../support/cli.js';
import { predictionsOf, runFolder, workFolder } from '../support/small-cohort.js';

const up = ['up', '-c', 'experiment.yaml'];
/**
 * Whether an event comes from the middle of a Stage 1 training. Stage 3 is too short for the test: its training would
 * end before a signal arrives.
 */
const isTraining = (event: RunEvent): boolean =>
  event.type === 'job-epoch' && event.stage === 'stage1' && event.epoch < event.epochs;

describe('haf-pipeline up', () => {
  let folder: string;
  let first: CliResult;
  let predictions: string;
  beforeAll(async () => {
    folder = await workFolder();
    first = await cli([...up, '--workers', '2'], folder);
    predictions = predictionsOf(folder);
  }, 240_000);

  it('ends with the table and the path of the report', () => {
    expect(first.stderr).toContain('report.html');
    expect(first.stdout).toContain('HAF');
    expect(first.code).toBe(0);
  });

  it('fills the run directory', () => {
    const run = runFolder(folder);
    const files = [
      'run.json',
      'config.resolved.yaml',
      'events.ndjson',
      'splits.json',
      'cohort-flow.json',
      'problems.csv',
    ];
    const results = [
      'summary.json',
      'summary.csv',
      'summary.md',
      'report.html',
      'trace.csv',
      'folds/1/haf/metrics.json',
      'folds/1/haf/calibration.json',
      'folds/1/haf/calibrated.csv',
    ];
    for (const file of [...files, ...results, 'folds/0/haf/history.csv', 'folds/0/stage1-WSI/history.csv'])
      expect(existsSync(join(run, file)), file).toBe(true);
    const summary = runSummarySchema.parse(JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')));
    expect(summary.rows.map(({ method }) => method)).toEqual(['haf', 'all_mlp', 'blood']);
    expect(summary.rows.every(({ folds, auc }) => folds === 2 && auc.mean !== null)).toBe(true);
    expect(summary.backend).not.toBe('');
  });

  it('takes everything from the store when run again, and gives the same summary', async () => {
    const before = readFileSync(join(runFolder(folder), 'summary.json'), 'utf8');
    const again = await cli([...up, '--json'], folder);
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('"job-started"');
    expect(readFileSync(join(runFolder(folder), 'summary.json'), 'utf8')).toBe(before);
  });

  it('gives the same predictions with one worker', async () => {
    const other = await workFolder();
    expect((await cli([...up, '--workers', '1'], other)).code).toBe(0);
    expect(predictionsOf(other)).toBe(predictions);
  }, 240_000);

  it('survives kill -9 of a trainer in the middle of training', async () => {
    const other = await workFolder();
    const child = startCli([...up, '--workers', '1', '--json'], other);
    const result = ended(child);
    await eventOf(child, isTraining);
    for (const trainer of trainersOf(child.pid ?? 0)) process.kill(trainer, 'SIGKILL');
    const { code, stdout } = await result;
    expect(stdout).toContain('"job-retried"');
    expect(code).toBe(0);
    expect(predictionsOf(other)).toBe(predictions);
  }, 240_000);

  it('resumes after kill -9 of itself, and leaves no trainer behind', async () => {
    const other = await workFolder();
    const child = startCli([...up, '--workers', '2', '--json'], other);
    const result = ended(child);
    await eventOf(child, (event) => event.type === 'job-done' && event.stage === 'stage1');
    const trainers = trainersOf(child.pid ?? 0);
    child.kill('SIGKILL');
    await result;
    expect(trainers.length).toBeGreaterThan(0);
    expect((await cli(up, other)).code).toBe(0);
    expect(predictionsOf(other)).toBe(predictions);
    for (const trainer of trainers) expect(() => process.kill(trainer, 0)).toThrow();
  }, 240_000);

  it('drains on Ctrl-C with exit code 130, and goes on when run again', async () => {
    const other = await workFolder();
    const child = startCli([...up, '--workers', '1', '--json'], other);
    const result = ended(child);
    await eventOf(child, isTraining);
    child.kill('SIGINT');
    const stopped = await result;
    expect(stopped.stderr).toContain('Finishing the running jobs');
    expect(stopped.code).toBe(130);
    const done = stopped.stdout.split('\n').filter((line) => line.includes('"job-done"')).length;
    const again = await cli([...up, '--json'], other);
    expect(again.stdout.split('\n').filter((line) => line.includes('"job-cached"'))).toHaveLength(done);
    expect(predictionsOf(other)).toBe(predictions);
  }, 240_000);

  it('refuses a second up on the same run directory', async () => {
    const other = await workFolder();
    const child = startCli([...up, '--workers', '1', '--json'], other);
    const result = ended(child);
    await eventOf(child, isTraining);
    const second = await cli(up, other);
    expect(second.stderr).toContain('HAF_RUN_BUSY');
    expect(second.code).toBe(64);
    expect((await result).code).toBe(0);
  }, 240_000);

  it('plans without running: what is cached and why the rest is not', async () => {
    const plan = await cli([...up, '--dry-run', '--set', 'align.tauSv=0.5'], folder);
    expect(plan.stdout).toMatch(/stage1 +4 +4 +0 +all cached/);
    expect(plan.stdout).toMatch(/stage2 +2 +0 +2 +align\.tauSv: 1 -> 0\.5/);
  });

  it('keeps the summary and the problems of a run when one of its stages is replayed', async () => {
    const other = await workFolder({ methods: ['blood'], train: { epochs: 1 } });
    const bad = join(other, 'data/wsi/PrimaryTumor_HE_998.h5');
    writeFileSync(bad, 'not an HDF5 file');
    expect((await cli(up, other)).code).toBe(2);
    const read = (): string[] =>
      ['summary.json', 'problems.csv'].map((name) => readFileSync(join(runFolder(other), name), 'utf8'));
    const before = read();
    expect(before[1]).toContain('PrimaryTumor_HE_998');
    const replayed = await cli(['replay', 'evaluate', '--run', 'latest'], other);
    expect(replayed.code).toBe(2);
    expect(read()).toEqual(before);
    expect(readFileSync(join(runFolder(other), 'run.json'), 'utf8')).toContain(
      '"state": "finished-with-failures"',
    );
  }, 120_000);

  it('replays a stage: the same bytes when forced, other numbers beside the old ones when changed', async () => {
    const forced = await cli(['replay', 'stage3', '--run', 'latest', '--fold', '1', '--force'], folder);
    expect(forced.stdout).toMatch(/stage3\/fold-1\/haf valAuc .*same bytes/);
    expect(forced.stdout).not.toContain('other bytes');
    expect(forced.stderr).not.toContain('raise "version"');
    const absent = await cli(['replay', 'stage3', '--run', 'latest', '--fold', '7'], folder);
    expect(absent.code).toBe(64);
    expect(absent.stderr).toContain('no stage3 job in fold 7. It has the folds 0 and 1.');
    const cached = await cli(['replay', 'stage3', '--run', 'latest', '--fold', '1'], folder);
    expect(cached.stderr).toContain('--force');
    const changed = await cli(
      [
        'replay',
        'stage3',
        '--run',
        'latest',
        '--set',
        'fusion.lambdaMoFe=5',
        '--downstream',
        '--runs',
        'runs',
      ],
      folder,
    );
    expect(changed.code).toBe(0);
    expect(changed.stdout).toMatch(/evaluate\/fold-0\/haf testAuc/);
    const upstream = await cli(['replay', 'stage3', '--run', 'latest', '--set', 'mil.k=2'], folder);
    expect(upstream.code).toBe(64);
    expect(upstream.stderr).toContain('replay stage1 --downstream');
    const explained = await cli(['explain', 'stage3', '--run', 'latest', '--fold', '0'], folder);
    expect(explained.stdout).toContain('fusion.lambdaMoFe: 0.1 -> 5');
    const runs = await cli(['runs', 'ls', '--json'], folder);
    expect(JSON.parse(runs.stdout)).toHaveLength(2);
  }, 240_000);
});
