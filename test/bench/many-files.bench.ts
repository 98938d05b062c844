/**
 * Cost of one small file in a run of very many files. Runs `up` over feature files of 512 bytes, one for each patient.
 * Then runs the same command three times with all jobs cached, and takes the median. Prints wall time and CPU time
 * (all threads of `up`) per file, and the peak memory of `up`. The time of a run of a hundred files (start, training,
 * report) is subtracted first. A file must not cost more in a larger run. The limits are for CPU time, because other
 * programs on the machine make the wall time longer. The column "children" is the CPU time of the broker per file,
 * which is not in "CPU". All files stay until the end, because ext4 without a journal searches long for a free inode
 * after many were deleted.
 *
 * Needs the built code (`npm run build`). HAF_BENCH_DIST=DIR measures another build. HAF_BENCH_FILES=1000,100000 sets
 * other numbers of files. HAF_BENCH_BROKER=1 puts a broker between `up` and its worker.
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
/** A run with so few files shows the fixed costs, because the files themselves take almost no time. */
const few = 100;
const folder = mkdtempSync(join(tmpdir(), 'haf-many-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /**
   * CPU time in seconds of the child processes: the broker, and two trainers. The run of `few` files also starts two
   * trainers, so subtracting its time removes their share.
   */
  readonly childSeconds: number | null;
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

/**
 * The run with the median CPU time. A median is needed, because the times of two cached runs differ by half a second.
 */
const medianUsage = (usages: readonly Usage[]): Usage =>
  [...usages].sort((a, b) => a.cpuSeconds - b.cpuSeconds)[usages.length >> 1] as Usage;

const number = (value: number, digits: number): string => value.toFixed(digits).padStart(9);

it(
  'a small file costs the same among a thousand and among a hundred thousand',
  () => {
    const states = ['fresh', 'cached'] as const;
    const measure = (files: number): Record<(typeof states)[number], Usage> => {
      const place = join(folder, String(files));
      const experiment = writeManyFiles(place, files);
      const fresh = up(experiment, place);
      const cached = medianUsage([up(experiment, place), up(experiment, place), up(experiment, place)]);
      return { fresh, cached };
    };
    const base = measure(few);
    const perFile = (
      state: (typeof states)[number],
      usage: Usage,
      files: number,
      of: 'cpuSeconds' | 'childSeconds' = 'cpuSeconds',
    ): number => (1000 * ((usage[of] ?? NaN) - (base[state][of] ?? NaN))) / (files - few);
    console.log(
      `A run of ${few} files takes ${base.fresh.cpuSeconds.toFixed(1)} s of CPU, cached ${base.cached.cpuSeconds.toFixed(1)} s.\n` +
        `${'files'.padStart(8)}        ms/file  CPU ms/f children  seconds   RSS MB     load`,
    );
    const first = { fresh: NaN, cached: NaN };
    for (const files of sizes) {
      const usages = measure(files);
      for (const state of states) {
        const { seconds, rssMb } = usages[state];
        const cpuMs = perFile(state, usages[state], files);
        first[state] = Number.isNaN(first[state]) ? cpuMs : first[state];
        console.log(
          `${String(files).padStart(8)} ${state.padEnd(6)}${number((1000 * seconds) / files, 2)}${number(cpuMs, 2)}` +
            `${number(perFile(state, usages[state], files, 'childSeconds'), 2)}` +
            `${number(seconds, 1)}${number(rssMb, 0)}${number(loadavg()[0] ?? NaN, 1)}   CPU ${(cpuMs / first[state]).toFixed(2)}x of the first`,
        );
        expect(rssMb).toBeLessThan(state === 'fresh' ? 1500 : 1000);
      }
      const fresh = perFile('fresh', usages.fresh, files);
      expect(fresh).toBeLessThan(8);
      expect(fresh).toBeLessThan(1.2 * first.fresh);
      // With at most 1.2 ms of CPU time per cached file, a hundred thousand cached files take a minute on two cores.
      expect(perFile('cached', usages.cached, files)).toBeLessThan(1.2);
    }
  },
  12 * 3600_000,
);
