/**
 * Time to read a bag of 20,000 x 1024 in every dialect, compared with the library that wrote the bag. Measures wall
 * time, and CPU time, which other work on the machine disturbs less. Needs python3 with h5py, numpy, torch and
 * safetensors; dialects of missing libraries are left out. HAF_BENCH_ROWS changes the number of instances.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/features.bench.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { embed } from '../../src/operators/encoders/embed.js';
import { embedFile } from '../support/embed-file.js';
import { pythonWith, runPython } from '../support/python-with.js';
import { runStage } from '../support/run-stage.js';

const rows = Number(process.env.HAF_BENCH_ROWS ?? 20_000);
const width = 1024;
const python = pythonWith('h5py', 'numpy');
const repeats = 3;
const dialects = [
  ...['h5-gzip', 'h5-gzip-shuffle', 'h5-clam-chunks', 'h5-contiguous', 'h5-stamp'],
  ...['pt', 'pt-legacy', 'npy', 'npz', 'safetensors'],
];

/** Runs the `embed` stage only. Its output files stay in memory. */
const embedOnly = (path: string): Promise<unknown> =>
  runStage(embed, {
    config: { data: { modalities: { WSI: { width } } } },
    unit: { modality: 'WSI', file: basename(path) },
    sources: [{ role: 'features', name: basename(path), path, sha256: '' }],
  });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

async function timesOf(work: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(before);
    wall.push(performance.now() - start);
    cpu.push((user + system) / 1000);
  }
  return { wall: median(wall), cpu: median(cpu) };
}

it.skipIf(python === null)('reading large bags', async () => {
  const script = join(import.meta.dirname, 'write-large-features.py');
  const head = ['embed ms', 'python ms', 'ratio', 'CPU ratio'];
  const line = (name: string, cells: readonly string[]): string =>
    name.padEnd(18) + cells.map((cell) => cell.padStart(11)).join('');
  const table = [line(`[${rows}, ${width}]`, head)];
  for (const dialect of dialects) {
    const folder = mkdtempSync(join(tmpdir(), 'haf-bench-'));
    try {
      // Python reads the file immediately before our reader does, because the load of the machine changes over time.
      const [name, path = '', wall, cpu] = runPython(python ?? '', [script, folder, String(rows), dialect])
        .trim()
        .split(' ');
      if (name === 'skipped') continue;
      const { index, problems } = await embedFile('WSI', path, width);
      expect([problems, index.bags[0]?.rows]).toEqual([[], rows]);
      const ours = await timesOf(() => embedOnly(path));
      const ratio = (mine: number, theirs: string | undefined): string =>
        `${(mine / (1000 * Number(theirs))).toFixed(2)}x`;
      table.push(
        line(dialect, [
          ours.wall.toFixed(0),
          (1000 * Number(wall)).toFixed(0),
          ratio(ours.wall, wall),
          ratio(ours.cpu, cpu),
        ]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  console.log(table.join('\n'));
});
