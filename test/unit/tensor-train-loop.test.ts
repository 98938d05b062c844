import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/pipeline/config/schema.js';
import type { HafError } from '../../src/pipeline/core/errors.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { EpochProgress } from '../../src/pipeline/stage.js';
import { classBalancedDraws, inGroups } from '../../src/operators/tensor/class-balance.js';
import { historySchema } from '../../src/operators/tensor/history-data.js';
import { layoutOf } from '../../src/operators/tensor/parameters.js';
import {
  train,
  type Trainable,
  type TrainingJob,
  type TrainingStep,
  type ValidationScores,
} from '../../src/operators/tensor/train-loop.js';
import { noCheckpoints } from '../../src/workers/job-checkpoints.js';

const options = { ...configSchema.parse({ name: 'test' }).train, epochs: 12, batch: 4, lr: 0.1, patience: 4 };

/** A model of one weight that each step increases. Its validation result depends only on the epoch. */
class Scripted implements Trainable {
  readonly parameters = new Float32Array(1);
  readonly layout = layoutOf([{ name: 'weight', shape: [1], fanIn: 1 }]);
  readonly groups: number[][] = [];
  readonly atEpoch: number[] = [];
  onStep: (step: number) => Partial<TrainingStep> = () => ({});

  constructor(private readonly script: (epoch: number) => ValidationScores) {}

  step(group: readonly number[]): Promise<TrainingStep> {
    this.groups.push([...group]);
    const gradient = Float32Array.of(-1);
    return Promise.resolve({ loss: 1, gradient, metrics: { extra: 2 }, ...this.onStep(this.groups.length) });
  }

  validate(): Promise<ValidationScores> {
    this.atEpoch.push(this.parameters[0] as number);
    return Promise.resolve(this.script(this.atEpoch.length));
  }
}

const jobOf = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
  options,
  of: 'a model',
  monitor: 'valAuc',
  ranking: 'valAuc',
  patients: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  classes: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  rng: rng(1, 'sampling'),
  backend: 'none',
  emit: () => undefined,
  signal: new AbortController().signal,
  checkpoints: noCheckpoints,
  ...changes,
});

describe('the training loop', () => {
  it('restores the weights of the best epoch and stops after the patience', async () => {
    const aucs = [0.5, 0.6, 0.9, 0.9, 0.8, 0.7, 0.6, 0.9];
    const model = new Scripted((epoch) => ({ loss: 1 / epoch, discrimination: aucs[epoch - 1] ?? 0 }));
    const progress: EpochProgress[] = [];
    const history = await train(model, jobOf({ emit: (event) => progress.push(event) }));
    expect(history).toMatchObject({ bestEpoch: 3, stopped: 'patience', warnings: [], skippedSteps: 0 });
    expect(model.parameters[0]).toBe(model.atEpoch[2]);
    expect(historySchema.parse(history).epochs).toHaveLength(7);
    expect(progress.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(progress[0]?.metrics).toEqual({ loss: 1, extra: 2, valLoss: 1, valAuc: 0.5 });
  });

  it('ends with its epochs, and minimises the loss when that is watched', async () => {
    const model = new Scripted((epoch) => ({ loss: 20 - epoch, discrimination: null }));
    const history = await train(model, jobOf({ monitor: 'valLoss', ranking: 'valAuc' }));
    expect(history).toMatchObject({ bestEpoch: 12, stopped: 'epochs', warnings: [] });
  });

  it('falls back on the lowest validation loss when the AUC is never defined, and says so', async () => {
    const losses = [3, 1, 2, 2];
    const model = new Scripted((epoch) => ({ loss: losses[epoch - 1] ?? 9, discrimination: null }));
    const history = await train(model, jobOf());
    expect(history).toMatchObject({ bestEpoch: 2, stopped: 'patience' });
    expect(history.epochs).toHaveLength(4);
    expect(history.warnings.join()).toMatch(/AUC was undefined/);
    expect(model.parameters[0]).toBe(model.atEpoch[1]);
  });

  it('keeps the last weights when there is no validation at all', async () => {
    const model = new Scripted(() => ({ loss: null, discrimination: null }));
    const history = await train(model, jobOf({ monitor: 'valLoss', ranking: 'valAuc' }));
    expect(history.bestEpoch).toBe(4);
    expect(history.warnings.join()).toMatch(/last epoch/);
  });

  it('halves the learning rate when the validation loss stays flat', async () => {
    const model = new Scripted((epoch) => ({ loss: 1, discrimination: epoch / 100 }));
    const history = await train(model, jobOf({ options: { ...options, plateauPatience: 2 } }));
    expect(history.epochs.map(({ lr }) => lr)).toEqual([
      0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125,
    ]);
  });

  it('divides an epoch into groups, the last one smaller', async () => {
    const model = new Scripted(() => ({ loss: 1, discrimination: 0.5 }));
    await train(model, jobOf({ options: { ...options, epochs: 1 } }));
    expect(model.groups.map((group) => group.length)).toEqual([4, 4, 2]);
  });

  it('leaves out a step whose loss or gradient is not finite', async () => {
    const model = new Scripted(() => ({ loss: 1, discrimination: 0.5 }));
    model.onStep = (step) =>
      step === 1 ? { loss: NaN } : step === 2 ? { gradient: Float32Array.of(Infinity) } : {};
    const history = await train(model, jobOf({ options: { ...options, epochs: 1 } }));
    expect(history.skippedSteps).toBe(2);
    expect(history.epochs[0]).toMatchObject({ loss: 1, extra: 2 });
    expect(model.parameters[0]).toBeCloseTo(0.1, 5);
  });

  it('gives up after ten steps in a row without a finite loss', async () => {
    const model = new Scripted(() => ({ loss: 1, discrimination: 0.5 }));
    model.onStep = () => ({ loss: NaN });
    const error: unknown = await train(model, jobOf()).catch((thrown: unknown) => thrown);
    expect(model.groups).toHaveLength(10);
    expect(error).toMatchObject({
      code: 'HAF_TRAINING_DIVERGED',
      // An epoch has three steps, so the tenth step is step 1 of epoch 4. No array is named, because the gradients are
      // finite.
      context: { epoch: 4, step: 1, patients: model.groups.at(-1), loss: 'NaN', arrays: [] },
    });
  });

  it('stops between two steps when it is aborted', async () => {
    const controller = new AbortController();
    const model = new Scripted(() => ({ loss: 1, discrimination: 0.5 }));
    model.onStep = (step) => {
      if (step === 5) controller.abort();
      return {};
    };
    const error: unknown = await train(model, jobOf({ signal: controller.signal })).catch((e: unknown) => e);
    expect((error as HafError).code).toBe('HAF_INTERRUPTED');
    expect(model.groups).toHaveLength(5);
  });
});

describe('class-balanced draws', () => {
  it('draw both classes equally often, and every patient of a class', () => {
    const patients = Array.from({ length: 1000 }, (_, i) => i);
    const labels = patients.map((i) => (i < 50 ? 1 : 0));
    const draws = Array.from({ length: 20 }, (_, i) =>
      classBalancedDraws(patients, labels, rng(i, 'draws')),
    ).flat();
    expect(draws).toHaveLength(20_000);
    const deceased = draws.filter((i) => i < 50);
    expect(Math.abs(deceased.length / draws.length - 0.5)).toBeLessThan(0.02);
    expect(new Set(deceased).size).toBe(50);
  });

  it('work with one class only', () => {
    const draws = classBalancedDraws([7, 9], [0, 0], rng(1, 'draws'));
    expect(draws.every((patient) => patient === 7 || patient === 9)).toBe(true);
  });

  it('are cut into groups in order', () => {
    expect(inGroups([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  });
});
