/**
 * Time of the whole HANCOCK run, from files to report, with ten folds and the command that a user types. Runs HAF
 * alone. With HAF_BENCH_ROWS=all, also runs every method that needs no slides, and prints the ratio to HAF alone. The
 * seconds of each stage and method are from trace.csv. Needs the HANCOCK data. HAF_BACKEND chooses the backend.
 *
 *     npm run build && npx vitest run --config test/bench/vitest.config.mjs test/bench/hancock.bench.ts
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { hancockFolder } from '../support/shared.js';

const root = join(import.meta.dirname, '../..');

interface RunCost {
  readonly seconds: number;
  /** Seconds of computation, by stage. Stages that train a method have a number for each method. */
  readonly compute: ReadonlyMap<string, number>;
  readonly summary: string;
}

function costOf(settings: readonly string[]): RunCost {
  const folder = mkdtempSync(join(tmpdir(), 'haf-bench-'));
  try {
    const places = ['--store', join(folder, 'store'), '--runs', join(folder, 'runs')];
    const experiment = ['-c', 'examples/hancock-tables.yaml', '--data', hancockFolder ?? ''];
    const start = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ['dist/bin/haf-pipeline.js', 'up', ...experiment, ...settings, ...places],
      { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const seconds = (performance.now() - start) / 1000;
    expect(status, stderr).toBe(0);
    const [run = ''] = readdirSync(join(folder, 'runs'));
    const fileOf = (name: string): string => readFileSync(join(folder, 'runs', run, name), 'utf8');
    const compute = new Map<string, number>();
    for (const { job, stage, compute: took } of parse<Record<string, string>>(fileOf('trace.csv'), {
      columns: true,
    })) {
      const [, , ...unit] = (job ?? '').split('/');
      const key = [stage, ...(stage === 'stage3' || stage === 'joint' ? unit : [])].join(' ');
      compute.set(key, (compute.get(key) ?? 0) + Number(took));
    }
    return { seconds, compute, summary: fileOf('summary.md') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it.skipIf(hancockFolder === null)(
  'HANCOCK, ten folds',
  () => {
    const haf = costOf(['--set', 'methods=[haf]']);
    const lines = [`HAF alone: ${haf.seconds.toFixed(0)} s`, haf.summary.split('\n').slice(0, 3).join('\n')];
    if (process.env.HAF_BENCH_ROWS === 'all') {
      const all = costOf([]);
      lines.push(
        `every row: ${all.seconds.toFixed(0)} s, ${(all.seconds / haf.seconds).toFixed(2)}x HAF alone`,
        ...[...all.compute]
          .sort(([, a], [, b]) => b - a)
          .map(([key, seconds]) => `${key.padEnd(24)}${seconds.toFixed(1).padStart(9)} s`),
      );
    }
    console.log(lines.join('\n'));
  },
  7_200_000,
);
