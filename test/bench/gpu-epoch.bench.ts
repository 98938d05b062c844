/**
 * Time of Stage 1 epochs on a GPU, for slides of 500 to 4000 instances of 1024 numbers. Our code trains several folds
 * in lockstep on bags that stay on the GPU. PyTorch trains one bag at a time on the same GPU. Also prints how fast bags
 * are read, and how fast the GPU copies memory. HAF_BACKEND is tensorflow or webgpu. HAF_BENCH_PATIENTS is the number
 * of patients (600). HAF_PYTHON is a python3 with a torch for the GPU. HAF_BENCH_DEVICE is the device of PyTorch
 * (cuda).
 *
 *     HAF_BACKEND=tensorflow npx vitest run --config test/bench/vitest.config.mjs test/bench/gpu-epoch.bench.ts
 */
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { deviceRoom, type DevicePlace } from '../../src/operators/stage1/device-room.js';
import { EncoderTraining } from '../../src/operators/stage1/encoder-training.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { Adam } from '../../src/operators/tensor/adam.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { classBalancedDraws, inGroups } from '../../src/operators/tensor/class-balance.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { releaseBackend } from '../../src/operators/tensor/release-backend.js';
import { configSchema } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { foldsPerGpu } from '../../src/workers/trainers-of.js';
import { pythonWith } from '../support/python-with.js';
import { bagCohort, labelsOf, slideSizes } from './bag-cohort.js';
import { median } from './median.js';

const config = configSchema.parse({ name: 'bench' });
const count = Number(process.env.HAF_BENCH_PATIENTS ?? 600);
const epochs = Number(process.env.HAF_BENCH_ROUNDS ?? 3);
const device = process.env.HAF_BENCH_DEVICE ?? 'cuda';
const width = 1024;
const sizes = slideSizes(count);
const labels = labelsOf(count);

/** The draws of an epoch of a fold, which trains on nine patients in ten. */
function drawn(fold: number): readonly (readonly number[])[] {
  const training = sizes.map((_, i) => i).filter((i) => i % 10 !== fold);
  const own = training.map((i) => labels[i] as 0 | 1);
  return inGroups(classBalancedDraws(training, own, rng(fold, 'draws')), config.train.batch);
}

/**
 * Trains one fold. Returns the seconds of each epoch except the first one, because the first epoch also reads the bags.
 */
async function trained(fold: number, source: BagSource, place: DevicePlace): Promise<readonly number[]> {
  const encoder = bagEncoderOf(config.mil, width, binaryCriterion);
  const parameters = initialParameters(encoder.layout, rng(fold, 'init'));
  const streams = { dropout: rng(fold, 'dropout'), subsample: rng(fold, 'subsample') };
  const options = { ...streams, maxInstances: null, validation: [], place };
  const model = new EncoderTraining(encoder, parameters, source, labels, options);
  const adam = new Adam<Float32Array>(parameters, config.train);
  const times: number[] = [];
  try {
    for (let epoch = 0; epoch <= epochs; epoch++) {
      const start = performance.now();
      for (const group of drawn(fold)) adam.step((await model.step(group)).gradient, config.train.lr);
      if (epoch > 0) times.push((performance.now() - start) / 1000);
    }
  } finally {
    place.leave();
  }
  return times;
}

interface Torch {
  readonly version: string;
  /** Milliseconds of each epoch. */
  readonly times: readonly number[];
  /** Bytes per second of a copy inside GPU memory, counting bytes read plus bytes written. */
  readonly bandwidth: number | null;
}

function torch(): Torch | null {
  const python = pythonWith('torch');
  if (python === null) return null;
  const script = join(import.meta.dirname, 'epoch-torch.py');
  const { stdout, stderr, status } = spawnSync(
    python,
    [script, 'bags', String(width), '1', String(epochs), device],
    {
      input: drawn(0)
        .map((group) => group.map((patient) => sizes[patient]).join(' '))
        .join('\n'),
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Torch;
}

it('an epoch of slides on the GPU', async () => {
  const { name, why } = await loadBackend();
  const room = deviceRoom();
  if (room === null) throw new Error(`The backend ${name} computes on no GPU: set HAF_BACKEND`);
  const { cohort, features } = bagCohort('WSI', sizes, width);
  const encoder = bagEncoderOf(config.mil, width, binaryCriterion);
  const folds = Array.from({ length: foldsPerGpu }, (_, fold) => fold);
  const places = folds.map(() => room.enter('slides', encoder));
  const times = await Promise.all(
    folds.map((fold, i) => trained(fold, new BagSource(cohort, 'WSI', [features]), places[i] as DevicePlace)),
  );
  const own = median(times.flat()) / foldsPerGpu;
  // Each bag that is drawn is read twice: for the embedding, and for its gradient.
  const rows = drawn(0)
    .flat()
    .reduce((sum, patient) => sum + (sizes[patient] as number), 0);
  const moved = (2 * rows * width * Float32Array.BYTES_PER_ELEMENT) / own;
  const reference = torch();
  const their = reference === null ? NaN : median(reference.times) / 1000;
  const gigabytes = (bytes: number | null | undefined): string => (bytes ? (bytes / 1e9).toFixed(0) : '?');
  console.log(
    [
      `${name}: ${why}; torch ${reference?.version ?? '-'} on ${device}; ${count} patients, ${foldsPerGpu} folds in lockstep`,
      `an epoch of a fold: torch ${their.toFixed(2)} s, ${name} ${own.toFixed(2)} s: ${(their / own).toFixed(2)}x torch`,
      `bags read at ${gigabytes(moved)} GB/s; the card copies at ${gigabytes(reference?.bandwidth)} GB/s`,
    ].join('\n'),
  );
  releaseBackend();
  expect(own).toBeGreaterThan(0);
}, 3_600_000);
