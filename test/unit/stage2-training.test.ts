import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/pipeline/config/schema.js';
import type { StageOutput } from '../../src/pipeline/stage.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { historySchema } from '../../src/operators/tensor/history-data.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import { miniCohort, miniConfig } from '../support/mini-cohort.js';
import { runStage } from '../support/run-stage.js';

const patients = 120;
const { inputs } = miniCohort(patients);
const width = 16;

const trained = async (align: Partial<Config['align']> = {}, epochs = 3): Promise<StageOutput> => {
  const config = {
    ...miniConfig,
    modalities: ['Clin' as const, 'Blood' as const],
    align: { ...miniConfig.align, width, hidden: 16, ...align },
    train: { ...miniConfig.train, weightDecay: 0, epochs, patience: epochs },
  };
  const unit = { fold: 0, alignment: 'svd' as const };
  const files = { ...inputs.base, ...inputs.preprocess };
  return (await runStage(stage2, { config, unit, inputs: files })).output;
};

type Arrays = ReturnType<typeof readSafetensors>;
const arraysIn = (output: StageOutput, file: string): Arrays =>
  readSafetensors(output.files[file] as Uint8Array);

/** Computes phi of the vector of one patient: two linear layers with relu between them. */
function phi(weights: Arrays, name: string, x: Float32Array): number[] {
  const layer = (part: string, values: readonly number[]): number[] => {
    const [weight, bias] = [weights[`${name}.${part}.weight`]?.data, weights[`${name}.${part}.bias`]?.data];
    return Array.from(bias ?? [], (b, j) =>
      values.reduce((sum, value, i) => sum + value * (weight?.[i * (bias?.length ?? 0) + j] as number), b),
    );
  };
  const hidden = layer('hidden', [...x]).map((value) => Math.max(value, 0));
  return layer('output', hidden);
}

describe.each(['valAuc', 'valLoss'] as const)('stage 2 stopped by %s', (monitor) => {
  it('exports the latent vectors of the weights it exports, and others from before', async () => {
    const output = await trained({ monitor });
    const weights = arraysIn(output, 'weights.safetensors');
    expect(Object.keys(weights).every((name) => name.startsWith('phi.'))).toBe(true);
    const { u, before, mask } = arraysIn(output, 'u.safetensors');
    const vectors = (inputs.preprocess.preprocess ?? []).map(({ files }) =>
      readSafetensors(files[vectorsFile] as Uint8Array),
    );
    let moved = 0;
    for (let patient = 0; patient < patients; patient++)
      ['Clin', 'Blood'].forEach((table, m) => {
        const { shape, data } = vectors[m]?.['values'] as Arrays[string];
        const columns = shape[1] ?? 0;
        const x = data.slice(patient * columns, (patient + 1) * columns) as Float32Array;
        const observed = mask?.data[patient * 2 + m] === 1;
        const wanted = observed ? phi(weights, `phi.${table}`, x) : new Array<number>(width).fill(0);
        wanted.forEach((value, d) => {
          const at = (patient * 2 + m) * width + d;
          expect(u?.data[at]).toBeCloseTo(value, 4);
          if (Math.abs((before?.data[at] as number) - value) > 1e-3) moved++;
        });
      });
    expect(moved).toBeGreaterThan(patients * width);
  });

  it('learns by the weight of patient discrimination', async () => {
    const weightsWith = async (lambdaPD: number): Promise<unknown> =>
      (await trained({ monitor, lambdaPD })).files['weights.safetensors'];
    expect(await weightsWith(0.01)).not.toEqual(await weightsWith(1));
  });
});

describe('the probe beside phi', () => {
  it('learns from the latent vectors, and its AUC is what stops the stage', async () => {
    const history = historySchema.parse((await trained({ monitor: 'valAuc' }, 20)).files['history.json']);
    const aucs = history.epochs.map(({ valAuc }) => valAuc as number);
    expect(aucs.every(Number.isFinite)).toBe(true);
    expect(history.bestEpoch).toBe(aucs.indexOf(Math.max(...aucs)) + 1);
    expect(Math.max(...aucs)).toBeGreaterThan(0.75);
    // The probe is the network of method.md 7 that is trained beside phi. If it gets no information, or if its weights
    // do not change, its loss stays near log 2.
    expect(history.epochs.at(-1)?.['probe']).toBeLessThan(0.8 * Math.log(2));
  });

  it('teaches phi nothing: without an alignment loss and decay, phi stays where it was', async () => {
    const { u, before } = arraysIn(await trained({ monitor: 'valAuc', weight: 0 }), 'u.safetensors');
    expect(u?.data).toEqual(before?.data);
  });

  it('has the loss that drives the plateau: where nothing is aligned, it is that of classifying', async () => {
    const output = await trained({ monitor: 'valAuc', weight: 0 }, 20);
    const { epochs } = historySchema.parse(output.files['history.json']);
    expect(epochs.every(({ valAlignment }) => valAlignment === 0)).toBe(true);
    const losses = epochs.map(({ valLoss }) => valLoss as number);
    expect(Math.abs((losses[0] as number) - Math.log(2))).toBeLessThan(0.1);
    // The probe learns. The smallest loss is tested and not the last one, because at the end the probe overfits its
    // training patients.
    expect(Math.min(...losses)).toBeLessThan(0.9 * Math.log(2));
  });
});
