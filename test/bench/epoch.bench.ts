/**
 * Time of whole epochs of a cohort of 120 patients with seven modalities, compared with PyTorch, which computes one
 * patient at a time. The parts are Stage 1 on slides of 500 to 4000 instances of 1024 numbers (read from disk), Stage 1
 * on cores of 16 instances, and Stages 2 and 3. Our code and PyTorch each run in one process with all cores (or
 * HAF_THREADS of them). For slides, also prints epochs per second when each core trains a fold in a separate process,
 * as with `up`. Also prints how long Stage 1 waited for its bags. HAF_BACKEND chooses the backend, HAF_PYTHON a python3
 * with torch. bag-step.bench.ts describes a setting that makes Debian's torch faster.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/epoch.bench.ts
 */
import { judged, outputs } from '../support/judged.js';
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fusionNetOf } from '../../src/operators/heads/fusion-net.js';
import { HeadTraining } from '../../src/operators/heads/head-training.js';
import { MlpHead } from '../../src/operators/heads/mlp.js';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { EncoderTraining } from '../../src/operators/stage1/encoder-training.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { svdObjective } from '../../src/operators/stage2/alignment-objective.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { ProjectionTraining } from '../../src/operators/stage2/projection-training.js';
import { projectionOf } from '../../src/operators/stage2/projection.js';
import { Adam } from '../../src/operators/tensor/adam.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { classBalancedDraws, inGroups } from '../../src/operators/tensor/class-balance.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import type { Trainable } from '../../src/operators/tensor/train-loop.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { slotsOf } from '../../src/pipeline/config/slots.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { pythonWith } from '../support/python-with.js';
import { bagCohort, labelsOf, slideSizes } from './bag-cohort.js';
import { median } from './median.js';

const threads = Number(process.env.HAF_THREADS ?? availableParallelism());
const rounds = Number(process.env.HAF_BENCH_ROUNDS ?? 3);
const config = resolvedConfig();
const count = 120;
const everyone = Array.from({ length: count }, (_, i) => i);
const labels = labelsOf(count);
// The training patients, nine in ten. An epoch has as many draws as there are training patients.
const training = everyone.slice(0, 108);
const python = pythonWith('torch');

interface Part {
  readonly name: string;
  readonly epoch: () => Promise<void>;
  /**
   * Epochs that are timed together. A single epoch of a few milliseconds after a pause would mostly measure the effect
   * of the pause.
   */
  readonly repeats: number;
  /**
   * What PyTorch gets so that it trains on the same patients in the same order: command-line arguments, and the numbers
   * of the patients of each optimisation step.
   */
  readonly torch: readonly string[];
  readonly groups: readonly (readonly number[])[];
}

const drawn = (): readonly (readonly number[])[] =>
  inGroups(
    classBalancedDraws(
      training,
      training.map((i) => labels[i] as 0 | 1),
      rng(1, 'draws'),
    ),
    config.train.batch,
  );

/** Makes a function that trains a model for one epoch: for each group of patients, a gradient and an Adam update. */
function epochOf(model: Trainable): () => Promise<void> {
  const adam = new Adam<Float32Array>(model.parameters, config.train);
  return async () => {
    for (const group of drawn()) adam.step((await model.step(group)).gradient, config.train.lr);
  };
}

/** Time that a job waited for its bags, in milliseconds. */
const waited = { ms: 0 };

function bags(modality: ModalityId, sizes: readonly number[], width: number): Part {
  const { cohort, features } = bagCohort(modality, sizes, width);
  const timed = {
    ...features,
    wait: async <T>(read: Promise<T>): Promise<T> => {
      const start = performance.now();
      const value = await read;
      waited.ms += performance.now() - start;
      return value;
    },
  };
  const source = new BagSource(cohort, modality, [timed]);
  const encoder = bagEncoderOf(config.mil, width, binaryCriterion);
  const model = new EncoderTraining(
    encoder,
    initialParameters(encoder.layout, rng(1, 'init')),
    source,
    labels,
    {
      maxInstances: null,
      validation: [],
      dropout: rng(1, 'dropout'),
      subsample: rng(1, 'subsample'),
    },
  );
  return {
    name: `Stage 1, ${modality}: ${Math.round(sizes.reduce((sum, rows) => sum + rows, 0) / sizes.length)} x ${width} on average`,
    epoch: epochOf(model),
    repeats: width < 1024 ? 10 : 1,
    torch: ['bags', String(width)],
    groups: drawn().map((group) => group.map((patient) => sizes[patient] as number)),
  };
}

function aligned(): Part {
  const widths = [64, 64, 7, 37, 16, 40, 4];
  const inputsOf = (width: number | null): readonly ModalityInput[] =>
    slotsOf(config).map(({ id: modality, kind }, m) => {
      const columns = width ?? (widths[m] as number);
      const stream = rng(1, modality);
      return {
        ...{ modality, kind },
        width: columns,
        values: Float32Array.from({ length: count * columns }, () => stream.normal()),
        observed: new Uint8Array(count).fill(1),
      };
    });
  const projection = projectionOf(config.align, inputsOf(null));
  const stage2 = new ProjectionTraining(
    projection,
    svdObjective(config.align),
    initialParameters(projection.layout, rng(1, 'init')),
    [],
  );
  const latents = inputsOf(config.align.width);
  const net = fusionNetOf({
    ...config.fusion,
    inputs: latents,
    projected: latents.map(() => null),
    output: outputs(1),
  });
  const head = new MlpHead(net, {
    ...config.fusion,
    drop: rng(1, 'drop'),
    dropout: null,
    criterion: binaryCriterion,
  });
  const stage3 = new HeadTraining(
    head,
    initialParameters(net.layout, rng(1, 'head')),
    latents,
    judged(labels),
    [],
  );
  const [first, second] = [epochOf(stage2), epochOf(stage3)];
  return {
    name: 'Stages 2 and 3, seven modalities',
    epoch: async () => {
      await first();
      await second();
    },
    repeats: 10,
    torch: ['aligned', '0'],
    groups: drawn().map((group) => group.map(() => config.modalities.length)),
  };
}

function torchMs({ torch, groups, repeats }: Part): { readonly version: string; readonly ms: number } | null {
  if (python === null) return null;
  const script = join(import.meta.dirname, 'epoch-torch.py');
  const { stdout, stderr, status } = spawnSync(
    python,
    [script, ...torch, String(threads), String(repeats + 1)],
    {
      input: groups.map((group) => group.join(' ')).join('\n'),
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(stderr);
  const { version, times } = JSON.parse(stdout) as { version: string; times: number[] };
  return { version, ms: median(times) };
}

const slides = (): Part => bags('WSI', slideSizes(count), 1024);

/** Times epochs over slides in this process, in milliseconds, while other processes do the same. */
async function epochsBeside(file: string): Promise<void> {
  await loadBackend();
  const part = slides();
  const times: number[] = [];
  for (let i = 0; i < rounds + 2; i++) {
    const start = performance.now();
    await part.epoch();
    times.push(performance.now() - start);
  }
  // The first epoch is a warm-up. During the last epoch, the processes of the other cores may already have ended, so it
  // would be too fast. Both times are left out.
  writeFileSync(file, JSON.stringify(times.slice(1, -1)));
}

/** Milliseconds of an epoch of slides when each core trains a fold. */
async function epochOnEachCore(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'haf-epoch-'));
  const files = Array.from({ length: threads }, (_, i) => join(folder, `${i}.json`));
  const own = ['run', '--config', 'test/bench/vitest.config.mjs', 'test/bench/epoch.bench.ts'];
  const ended = files.map(
    (file) =>
      new Promise<void>((resolve, reject) => {
        const env = { ...process.env, HAF_THREADS: '1', HAF_BENCH_BESIDE: file };
        spawn('npx', ['vitest', ...own], { cwd: join(import.meta.dirname, '../..'), env, stdio: 'ignore' })
          .once('error', reject)
          .once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ended with ${code}`))));
      }),
  );
  await Promise.all(ended);
  const times = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as number[]);
  rmSync(folder, { recursive: true });
  return median(times);
}

const beside = process.env.HAF_BENCH_BESIDE;

it.runIf(beside !== undefined)('epochs beside others', () => epochsBeside(beside ?? ''), 1_200_000);

it.runIf(beside === undefined)(
  'one epoch of each part',
  async () => {
    process.env.HAF_THREADS = String(threads);
    const { name } = await loadBackend();
    const parts = [
      slides(),
      bags(
        'TMA',
        everyone.map(() => 16),
        256,
      ),
      aligned(),
    ];
    const lines: string[] = [];
    let version = 'no torch';
    for (const [index, part] of parts.entries()) {
      const [own, reference, ratios, waits]: number[][] = [[], [], [], []];
      await part.epoch();
      for (let round = 0; round < rounds; round++) {
        const of = torchMs(part);
        waited.ms = 0;
        const start = performance.now();
        for (let repeat = 0; repeat < part.repeats; repeat++) await part.epoch();
        const took = (performance.now() - start) / part.repeats;
        own?.push(took);
        waits?.push((100 * waited.ms) / (took * part.repeats - waited.ms));
        reference?.push(of?.ms ?? NaN);
        ratios?.push((of?.ms ?? NaN) / took);
        if (of !== null) version = `torch ${of.version}`;
      }
      const torch = median(reference ?? []);
      lines.push(
        `${part.name.padEnd(46)} torch ${torch.toFixed(0)} ms, ${name} ${median(own ?? []).toFixed(0)} ms: ` +
          `${median(ratios ?? []).toFixed(2)}x torch; waited for bags ${median(waits ?? []).toFixed(1)} % of compute`,
      );
      if (index > 0) continue;
      const each = await epochOnEachCore();
      lines.push(
        `${`  a fold on each of ${threads} cores`.padEnd(46)} ${name} ${(each / threads).toFixed(0)} ms for each epoch: ` +
          `${((threads * torch) / each).toFixed(2)}x torch`,
      );
    }
    console.log([`${version}, ${threads} threads; medians of ${rounds} rounds`, ...lines].join('\n'));
    expect(lines).toHaveLength(parts.length + 1);
  },
  1_200_000,
);
