/**
 * Time of the Stage 1 step of one bag (forward pass, instance loss, dropout, all gradients), compared with the same
 * step in PyTorch. Runs every backend that "auto" would try and that loads, or those of HAF_BENCH_BACKENDS
 * (webgpu,onnx). Our backends and PyTorch get the same number of threads (HAF_THREADS, else all cores). Needs a python3
 * with torch, which HAF_PYTHON may name; without torch it prints only our times. HAF_BENCH_DEVICE=cuda makes PyTorch
 * compute on the GPU. Debian's torch is far slower with the default BLAS than with the OpenMP build of OpenBLAS. To use
 * this build, set LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-openmp.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/bag-step.bench.ts
 */
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bagGrad } from '../../src/operators/stage1/bag-grad.js';
import { openPasses } from '../../src/operators/stage1/open-passes.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { drawMasks, type PackedBags } from '../../src/operators/stage1/packed-bags.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { releaseBackend } from '../../src/operators/tensor/release-backend.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { automaticBackends, backendNames, type BackendName } from '../../src/pipeline/core/backend-name.js';
import { configSchema } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { pythonWith, runPython } from '../support/python-with.js';
import { median } from './median.js';

const width = 1024;
const threads = Number(process.env.HAF_THREADS ?? availableParallelism());
const sizes = [
  { rows: 32, repeats: 200 },
  { rows: 1000, repeats: 40 },
  { rows: 4000, repeats: 16 },
  { rows: 20_000, repeats: 5 },
];
/**
 * Number of rounds. Each round times every backend once, so a disturbance of the machine affects all times of a round.
 */
const rounds = Number(process.env.HAF_BENCH_ROUNDS ?? 3);
const python = pythonWith('torch');
/** Where PyTorch computes: cpu or cuda. */
const device = process.env.HAF_BENCH_DEVICE ?? 'cpu';

async function ownMs(backend: BackendName, rows: number, repeats: number): Promise<number> {
  await loadBackend(backend);
  const encoder = bagEncoderOf(configSchema.parse({ name: 'bench' }).mil, width, binaryCriterion);
  const parameters = initialParameters(encoder.layout, rng(1, 'init'));
  const normal = rng(1, 'rows');
  const bag = Float32Array.from({ length: rows * width }, () => normal.normal());
  const pack: PackedBags = { rows: bag, width, offsets: [0, rows], targets: [1] };
  const dropout = rng(1, 'dropout');
  const step = async (): Promise<void> => {
    const passes = openPasses(encoder, parameters);
    await bagGrad(
      encoder,
      passes,
      pack,
      drawMasks(pack, encoder, dropout),
      new Float32Array(encoder.layout.size),
    );
    passes.dispose();
  };
  const times: number[] = [];
  for (let i = -Math.max(3, repeats / 5); i < repeats; i++) {
    const start = performance.now();
    await step();
    if (i >= 0) times.push(performance.now() - start);
  }
  return median(times);
}

interface TorchTimes {
  readonly version: string;
  readonly times: readonly number[];
}

const torch = (rows: number, repeats: number): TorchTimes | null =>
  python === null
    ? null
    : (JSON.parse(
        runPython(python, [
          join(import.meta.dirname, 'bag-step-torch.py'),
          ...[rows, width, repeats, threads].map(String),
          device,
        ]),
      ) as TorchTimes);

/**
 * The backends to time, each with the description of its device.
 *
 * @throws HafError when one of HAF_BENCH_BACKENDS does not load
 */
async function timedBackends(): Promise<ReadonlyMap<BackendName, string>> {
  const asked = process.env.HAF_BENCH_BACKENDS?.split(',');
  const found = new Map<BackendName, string>();
  // The plain JavaScript backend (`cpu`) takes minutes, so it runs only if HAF_BENCH_BACKENDS names it.
  for (const name of asked ?? automaticBackends.filter((own) => own !== 'cpu')) {
    const preference = backendNames.find((own) => own === name);
    if (preference === undefined) throw new Error(`HAF_BENCH_BACKENDS: ${name} is no backend`);
    try {
      found.set(preference, (await loadBackend(preference)).why);
    } catch (error) {
      if (asked !== undefined) throw error;
    }
  }
  return found;
}

it('one bag', async () => {
  process.env.HAF_THREADS = String(threads);
  const backends = await timedBackends();
  const lines: string[] = [];
  let version = 'no torch';
  for (const { rows, repeats } of sizes) {
    const own = new Map<BackendName, { ms: number[]; ratios: number[] }>(
      [...backends.keys()].map((name) => [name, { ms: [], ratios: [] }]),
    );
    const reference: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const of = torch(rows, repeats);
      if (of !== null) version = `torch ${of.version}`;
      const torchMs = of === null ? NaN : median(of.times);
      reference.push(torchMs);
      for (const [name, { ms, ratios }] of own) {
        const took = await ownMs(name, rows, repeats);
        ms.push(took);
        ratios.push(torchMs / took);
      }
    }
    const cells = [...own].map(([name, { ms, ratios }]) =>
      `${name} ${median(ms).toFixed(2)} ms (${median(ratios).toFixed(2)}x torch)`.padEnd(34),
    );
    lines.push(
      `N = ${String(rows).padEnd(7)} torch ${median(reference).toFixed(2)} ms`.padEnd(32) + cells.join(''),
    );
  }
  console.log(
    [
      `${version} on ${device}, ${threads} threads, bags of N x ${width}; medians of ${rounds} rounds`,
      ...[...backends].map(([name, why]) => `${name}: ${why}`),
      ...lines,
    ].join('\n'),
  );
  releaseBackend();
  expect(backends.size).toBeGreaterThan(0);
}, 900_000);
