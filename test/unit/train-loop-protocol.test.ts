import { describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { History } from '../../src/operators/tensor/history-data.js';
import { layoutOf } from '../../src/operators/tensor/parameters.js';
import { Plateau } from '../../src/operators/tensor/plateau.js';
import { train, type Trainable } from '../../src/operators/tensor/train-loop.js';
import { noCheckpoints } from '../../src/workers/job-checkpoints.js';

const defaults = configSchema.parse({ name: 'test' }).train;

/** The losses that the model of a test reports in each epoch. An epoch is one step. */
interface Script {
  readonly training: (epoch: number) => number;
  readonly validation: (epoch: number) => number;
}

async function trained(
  changes: Partial<Config['train']>,
  { training, validation }: Script = { training: () => 1, validation: () => 1 },
): Promise<{ history: History; parameters: Float32Array }> {
  let epoch = 1;
  const model: Trainable = {
    parameters: Float32Array.of(1, -2),
    layout: layoutOf([{ name: 'weight', shape: [2], fanIn: 1 }]),
    step: () => Promise.resolve({ loss: training(epoch), gradient: new Float32Array(2), metrics: {} }),
    validate: () => Promise.resolve({ loss: validation(epoch), discrimination: epoch++ / 1000 }),
    // The gradient is zero on purpose, so the weight is exempt from the check for lost gradients.
    exempt: () => new Set(['weight']),
  };
  const history = await train(model, {
    options: { ...defaults, batch: 4, ...changes },
    of: 'a model',
    monitor: 'valAuc',
    ranking: 'valAuc',
    patients: [0, 1, 2, 3],
    classes: [0, 1, 0, 1],
    rng: rng(1, 'sampling'),
    backend: 'none',
    emit: () => undefined,
    signal: new AbortController().signal,
    checkpoints: noCheckpoints,
  });
  return { history, parameters: model.parameters };
}

describe('the training protocol', () => {
  it('shrinks weights without a gradient, as far as weight decay goes', async () => {
    const { parameters } = await trained({ epochs: 5, lr: 0.01, weightDecay: 0.1 });
    // Weight decay is the only gradient here. So each step of Adam moves every weight by the learning rate.
    expect(parameters[0]).toBeCloseTo(0.95, 4);
    expect(parameters[1]).toBeCloseTo(-1.95, 4);
    expect([...(await trained({ epochs: 5, lr: 0.01, weightDecay: 0 })).parameters]).toEqual([1, -2]);
  });

  it('lowers the learning rate by the validation loss, whatever the training loss does', async () => {
    const rates = async (script: Script): Promise<unknown[]> =>
      (await trained({ epochs: 4, lr: 0.01, plateauPatience: 0 }, script)).history.epochs.map(({ lr }) => lr);
    const [falling, rising] = [(epoch: number) => 1 / epoch, (epoch: number) => epoch];
    expect(await rates({ training: falling, validation: rising })).toEqual([0.01, 0.01, 0.005, 0.0025]);
    expect(await rates({ training: rising, validation: falling })).toEqual([0.01, 0.01, 0.01, 0.01]);
  });

  it('takes an improvement of less than a ten-thousandth for none', () => {
    const rateAfter = (second: number): number => {
      const plateau = new Plateau({ lr: 1, factor: 0.5, patience: 0 });
      plateau.step(10);
      plateau.step(second);
      return plateau.lr;
    };
    expect(rateAfter(10 * (1 - 0.9e-4))).toBe(0.5);
    expect(rateAfter(10 * (1 - 1.1e-4))).toBe(1);
  });
});
