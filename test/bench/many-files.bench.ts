/**
 * What a small file costs in a run of very many: `up` over feature files of 512 bytes, one for each patient, then the same
 * command again with everything cached. Prints wall and CPU time (all threads of `up`) per file and its peak memory. Needs the
 * built code (`npm run build`); HAF_BENCH_DIST=DIR measures another build, HAF_BENCH_FILES=1000,100000 other sizes, and
 * HAF_BENCH_BROKER=1 a broker between `up` and its worker.
 *
 * Run with: npx vitest run --config test/bench/vitest.config.mjs test/bench/many-files.bench.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeManyFiles } from './many-files.js';

const sizes = (process.env.HAF_BENCH_FILES ?? '1000,10000,50000').split(',').map(Number);
const dist = resolve(process.env.HAF_BENCH_DIST ?? join(import.meta.dirname, '../../dist'));
const broker = process.env.HAF_BENCH_BROKER === '1' ? [] : ['--no-broker'];
const folder = mkdtempSync(join(tmpdir(), 'haf-many-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

function up(experiment: string, place: string): Usage {
  const usage = join(folder, 'usage.json');
  execFileSync(
    process.execPath,
    [
      ...[
        '--import',
        join(import.meta.dirname, 'many-files-usage.mjs'),
        join(dist, 'bin/haf-pipeline.js'),
        'up',
      ],
      ...[
        '-c',
        experiment,
        '--backend',
        'wasm',
        '--runs',
        join(place, 'runs'),
        '--store',
        join(place, 'store'),
      ],
      ...broker,
    ],
    { cwd: folder, stdio: 'ignore', env: { ...process.env, HAF_BENCH_USAGE: usage } },
  );
  return JSON.parse(readFileSync(usage, 'utf8')) as Usage;
}

const number = (value: number, digits: number): string => value.toFixed(digits).padStart(9);

it(
  'a small file costs the same among a thousand and among a hundred thousand',
  () => {
    console.log(`${'files'.padStart(8)}        ms/file  CPU ms/f  seconds   RSS MB     load`);
    const first = { fresh: NaN, cached: NaN };
    for (const files of sizes) {
      const place = join(folder, String(files));
      const experiment = writeManyFiles(place, files);
      for (const state of ['fresh', 'cached'] as const) {
        const { seconds, cpuSeconds, rssMb } = up(experiment, place);
        const cpuMs = (1000 * cpuSeconds) / files;
        first[state] = Number.isNaN(first[state]) ? cpuMs : first[state];
        console.log(
          `${String(files).padStart(8)} ${state.padEnd(6)}${number((1000 * seconds) / files, 2)}${number(cpuMs, 2)}` +
            `${number(seconds, 1)}${number(rssMb, 0)}${number(loadavg()[0] ?? NaN, 1)}   CPU ${(cpuMs / first[state]).toFixed(2)}x of the first`,
        );
        expect(rssMb).toBeLessThan(state === 'fresh' ? 1500 : 1000);
      }
      rmSync(place, { recursive: true, force: true });
    }
  },
  12 * 3600_000,
);
