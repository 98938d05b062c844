/**
 * Time of one optimisation step of each stage, with the sizes of the real cohort. HAF_BACKEND chooses the backend.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs
 */
import { judged, outputs } from '../support/judged.js';
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { bagGrad } from '../../src/operators/stage1/bag-grad.js';
import { openPasses } from '../../src/operators/stage1/open-passes.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { drawMasks, packRuns, type PackedBags } from '../../src/operators/stage1/packed-bags.js';
import { alignmentLoss } from '../../src/operators/stage2/alignment.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { svdObjective } from '../../src/operators/stage2/alignment-objective.js';
import { ProjectionTraining } from '../../src/operators/stage2/projection-training.js';
import { projectionOf } from '../../src/operators/stage2/projection.js';
import { fusionNetOf } from '../../src/operators/heads/fusion-net.js';
import { HeadTraining } from '../../src/operators/heads/head-training.js';
import { MlpHead } from '../../src/operators/heads/mlp.js';
import { Adam } from '../../src/operators/tensor/adam.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { measure, timingTable, type Timing } from './measure.js';

const config = resolvedConfig();
const widths = {
  WSI: 64,
  TMA: 64,
  Clin: 7,
  Path: 37,
  Blood: 16,
  ICD: 40,
  Cell: 4,
} as const;
type Name = keyof typeof widths;
const patients = Array.from({ length: 64 }, (_, i) => i);
const labels = patients.map((i): 0 | 1 => (i % 4 === 0 ? 1 : 0));

const normals = (count: number, purpose: string): Float32Array => {
  const stream = rng(1, purpose);
  return Float32Array.from({ length: count }, () => stream.normal());
};
const inputsOf = (width: (modality: Name) => number): readonly ModalityInput[] =>
  (Object.keys(widths) as Name[]).map((modality, m) => ({
    ...{ modality, kind: modality === 'WSI' || modality === 'TMA' ? ('bag' as const) : ('table' as const) },
    width: width(modality),
    values: normals(patients.length * width(modality), modality),
    observed: Uint8Array.from(patients, (i) => ((i + m) % 9 === 0 ? 0 : 1)),
  }));

/** Bags of one size, packed as in training. */
function packsOf(count: number, rows: number, width: number): readonly PackedBags[] {
  return packRuns(new Array<number>(count).fill(rows)).map(([from, to]) => ({
    rows: normals((to - from) * rows * width, 'rows'),
    width,
    offsets: Array.from({ length: to - from + 1 }, (_, i) => i * rows),
    targets: labels.slice(0, to - from),
  }));
}

function stage1Step(count: number, rows: number, width: number): () => Promise<void> {
  const encoder = bagEncoderOf(config.mil, width, binaryCriterion);
  const parameters = initialParameters(encoder.layout, rng(1, 'init'));
  const packs = packsOf(count, rows, width);
  const dropout = rng(1, 'dropout');
  return async () => {
    const passes = openPasses(encoder, parameters);
    const gradient = new Float32Array(encoder.layout.size);
    for (const pack of packs)
      await bagGrad(encoder, passes, pack, drawMasks(pack, encoder, dropout), gradient);
    passes.dispose();
  };
}

async function stage2Timings(): Promise<Timing[]> {
  const projection = projectionOf(
    config.align,
    inputsOf((modality) => widths[modality]),
  );
  const parameters = initialParameters(projection.layout, rng(1, 'init'));
  const model = new ProjectionTraining(projection, svdObjective(config.align), parameters, []);
  const group = {
    u: normals(64 * 7 * 128, 'u'),
    mask: new Uint8Array(64 * 7).fill(1),
    modalities: 7,
    width: 128,
  };
  const adam = new Adam<Float32Array>(parameters.slice(), { weightDecay: 1e-5 });
  return [
    await measure('stage 2: 64 patients x 7 modalities', 100, () => model.step(patients)),
    await measure('  of it: alignment loss and gradient', 100, () =>
      Promise.resolve(alignmentLoss(group, config.align)),
    ),
    await measure('  beside it: Adam, 146,176 parameters', 100, () =>
      Promise.resolve(adam.step(parameters, 1e-4)),
    ),
  ];
}

async function stage3Timing(name: string, projected: number | null, randomDrop: boolean): Promise<Timing> {
  const inputs = inputsOf((modality) => (projected === null ? 128 : widths[modality]));
  const net = fusionNetOf({
    ...config.fusion,
    inputs,
    projected: inputs.map(() => projected),
    output: outputs(1),
  });
  const head = new MlpHead(net, {
    criterion: binaryCriterion,
    ...config.fusion,
    drop: randomDrop ? rng(1, 'drop') : null,
    dropout: null,
  });
  const parameters = initialParameters(net.layout, rng(1, 'init'));
  const model = new HeadTraining(head, parameters, inputs, judged(labels), []);
  return measure(name, 100, () => model.step(patients));
}

it('steps of the three stages', async () => {
  const { name, why } = await loadBackend();
  const timings = [
    await measure('stage 1: 64 bags of 16 x 256', 60, stage1Step(64, 16, 256)),
    await measure('stage 1: 64 bags of 16 x 1024', 40, stage1Step(64, 16, 1024)),
    await measure('stage 1: 4 bags of 1000 x 1024', 15, stage1Step(4, 1000, 1024)),
    await measure('stage 1: 1 bag of 20000 x 1024', 3, stage1Step(1, 20_000, 1024)),
    ...(await stage2Timings()),
    await stage3Timing('stage 3: HAF, frozen u with drop', null, true),
    await stage3Timing('stage 3: all-modality MLP with its maps', 128, false),
    await stage3Timing('stage 3: the same with drop', 128, true),
  ];
  console.log(timingTable(`backend ${name} (${why})`, timings));
  expect(timings.every(({ medianMs }) => medianMs > 0)).toBe(true);
});
