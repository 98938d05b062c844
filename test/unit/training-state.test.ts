import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { Checkpoints, TrainingSnapshot } from '../../src/pipeline/stage.js';
import { layoutOf } from '../../src/operators/tensor/parameters.js';
import { Plateau } from '../../src/operators/tensor/plateau.js';
import { train, type Trainable, type ValidationScores } from '../../src/operators/tensor/train-loop.js';
import { TrainingState } from '../../src/operators/tensor/training-state.js';
import { checkpointOptions, CheckpointMemory } from '../support/checkpoints.js';
import { Streams } from '../../src/pipeline/core/streams.js';
import { JobCheckpoints } from '../../src/workers/job-checkpoints.js';
import { testJob } from '../support/jobs.js';

const options = {
  ...configSchema.parse({ name: 'test' }).train,
  ...{ epochs: 12, batch: 4, lr: 0.1, weightDecay: 0.1, patience: 5, plateauPatience: 1 },
};
const patients = [0, 1, 2, 3, 4, 5, 6, 7];

/** For each epoch: the validation result, and which of its two steps have a loss that is not finite. */
interface Script {
  readonly monitor?: 'valAuc' | 'valLoss';
  readonly validation: (epoch: number) => ValidationScores;
  readonly skips?: (epoch: number) => number;
}

/** The result of a job: its weights bit by bit, and its history as it is stored. */
interface Left {
  readonly weights: readonly number[];
  readonly history: string;
}

/**
 * Runs a job from `firstEpoch` on with new objects, as a new process does. It is killed in the epoch after
 * `killedAfter`.
 */
async function run(
  { monitor = 'valAuc', validation, skips = () => 0 }: Script,
  memory: CheckpointMemory,
  firstEpoch: number,
  killedAfter = Infinity,
): Promise<Left> {
  const streams = new Streams((purpose) => rng(1, purpose));
  const checkpoints = new JobCheckpoints(
    testJob('job'),
    memory,
    streams,
    checkpointOptions({ checkpointEpochs: 1 }),
  );
  const noise = streams.of('noise');
  let [epoch, step] = [firstEpoch, 0];
  const model: Trainable = {
    parameters: Float32Array.of(1, -2, 0.5),
    layout: layoutOf([{ name: 'weight', shape: [3], fanIn: 1 }]),
    step: (group) => {
      const skipped = step++ < skips(epoch);
      const gradient = Float32Array.from([1, 2, 3], (x) => x * noise.normal() + (group[0] as number));
      return Promise.resolve({ loss: skipped ? NaN : noise.uniform(), gradient, metrics: { odd: 0 / 0 } });
    },
    validate: () => {
      if (epoch > killedAfter) throw new Error('killed');
      step = 0;
      return Promise.resolve(validation(epoch++));
    },
  };
  const history = await train(model, {
    ...{ options, monitor, patients, checkpoints, backend: 'one', of: 'a model' },
    ranking: 'valAuc',
    classes: patients.map((i) => (i < 3 ? 1 : 0)),
    rng: streams.of('sampling'),
    emit: () => undefined,
    signal: new AbortController().signal,
  });
  return { weights: [...new Uint32Array(model.parameters.buffer)], history: JSON.stringify(history) };
}

const scripts: Record<string, Script> = {
  'the AUC is defined from the fourth epoch on': {
    validation: (epoch) => ({
      loss: 1 + Math.abs(epoch - 2),
      discrimination: epoch < 4 ? null : epoch / 100,
    }),
  },
  'the AUC is never defined': {
    validation: (epoch) => ({ loss: 1 + ((epoch * 5) % 7), discrimination: null }),
  },
  'nothing is defined': { validation: () => ({ loss: null, discrimination: null }) },
  'the loss is infinite at first': {
    monitor: 'valLoss',
    validation: (epoch) => ({ loss: epoch < 3 ? Infinity : 1 + Math.abs(epoch - 5), discrimination: null }),
  },
  'the AUC is best early': {
    validation: (epoch) => ({ loss: 1 / epoch, discrimination: 1 - Math.abs(epoch - 3) / 100 }),
  },
  'the loss stays flat': {
    validation: (epoch) => ({
      loss: 1 + (epoch % 3) * 1e-5,
      discrimination: epoch % 4 === 0 ? epoch / 100 : 0,
    }),
  },
  'steps are left out': {
    validation: (epoch) => ({ loss: 1, discrimination: epoch / 100 }),
    skips: (epoch) => (epoch === 2 || epoch === 7 ? 1 : 0),
  },
};

describe.each(Object.entries(scripts))('training where %s', (_, script) => {
  it('goes on from every epoch to the same bits', async () => {
    const undisturbed = await run(script, new CheckpointMemory(), 1);
    const { epochs } = JSON.parse(undisturbed.history) as { epochs: unknown[] };
    expect(epochs.length).toBeGreaterThan(4);
    for (let epoch = 1; epoch < epochs.length; epoch++) {
      const memory = new CheckpointMemory();
      await expect(run(script, memory, 1, epoch)).rejects.toThrow('killed');
      expect(await run(script, memory, epoch + 1), `after epoch ${epoch}`).toEqual(undisturbed);
    }
  });
});

it('counts steps without a finite loss over an interruption', async () => {
  const script: Script = {
    validation: (epoch) => ({ loss: 1, discrimination: epoch / 100 }),
    skips: () => 2,
  };
  const memory = new CheckpointMemory();
  await expect(run(script, memory, 1, 3)).rejects.toThrow('killed');
  // Training fails at the tenth step without a finite loss. An epoch has two such steps here, so this is the second
  // step of epoch 5.
  let validated = 0;
  const counting: Script = {
    ...script,
    validation: (epoch) => ((validated = epoch), script.validation(epoch)),
  };
  await expect(run(counting, memory, 4)).rejects.toMatchObject({ code: 'HAF_TRAINING_DIVERGED' });
  expect(validated).toBe(4);
});

it('offers no state after the last epoch', async () => {
  const offered: number[] = [];
  const checkpoints: Checkpoints = {
    resume: () => Promise.resolve(),
    offer: (epoch) => Promise.resolve(void offered.push(epoch)),
  };
  const trained = (aucs: readonly number[], epochs: number): Promise<unknown> => {
    let epoch = 0;
    const model: Trainable = {
      parameters: new Float32Array(1),
      layout: layoutOf([{ name: 'weight', shape: [1], fanIn: 1 }]),
      step: () => Promise.resolve({ loss: 1, gradient: Float32Array.of(1), metrics: {} }),
      validate: () => Promise.resolve({ loss: 1, discrimination: aucs[epoch++] ?? 0 }),
    };
    return train(model, {
      ...{ monitor: 'valAuc', ranking: 'valAuc', patients, checkpoints, backend: 'one', of: 'a model' },
      options: { ...options, epochs, patience: 2 },
      classes: patients.map(() => 0),
      rng: rng(1, 'sampling'),
      emit: () => undefined,
      signal: new AbortController().signal,
    });
  };
  await trained([0.1, 0.2, 0.3], 3);
  expect(offered.splice(0)).toEqual([1, 2]);
  await trained([0.1, 0.2, 0.1, 0.1], 12);
  expect(offered).toEqual([1, 2, 3]);
});

describe('a snapshot that does not fit', () => {
  const stateOf = (size: number, backend = 'one'): TrainingState =>
    new TrainingState(new Float32Array(size).fill(7), backend, options, 'valAuc');
  const snapshot = (size = 3, backend = 'one'): TrainingSnapshot => {
    const state = stateOf(size, backend);
    state.best.update(1, true, 1);
    state.optimizer.step(new Float32Array(size).fill(1), 0.1);
    return state.snapshot();
  };
  const without = (name: string): TrainingSnapshot => {
    const { state, arrays } = snapshot();
    return { state, arrays: Object.fromEntries(Object.entries(arrays).filter(([key]) => key !== name)) };
  };

  it('is taken when it does', () => {
    const state = stateOf(3);
    expect(state.take(snapshot())).toBe(true);
    expect(state.snapshot()).toEqual(snapshot());
  });

  it.each([
    ['of another backend', snapshot(3, 'two')],
    ['of a smaller model', snapshot(2)],
    ['of a larger model', snapshot(4)],
    ['without the kept weights', without('kept')],
    ['without the parameters', without('parameters')],
    ['without a moment', without('v')],
    ['of another shape', { ...snapshot(), state: { ...snapshot().state, more: 1 } }],
    ['of nothing', { state: {}, arrays: {} }],
  ])('%s changes nothing', (_, other) => {
    const state = stateOf(3);
    expect(state.take(other)).toBe(false);
    expect(state.snapshot()).toEqual(stateOf(3).snapshot());
  });
});

it('a plateau schedule goes on in the middle of its cooldown', () => {
  const schedule = { lr: 1, factor: 0.5, patience: 1, cooldown: 3 };
  const losses = [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4];
  const rates = (interruptedAfter: number): number[] => {
    let plateau = new Plateau(schedule);
    return losses.map((loss, i) => {
      if (i === interruptedAfter) {
        const state = plateau.state;
        plateau = new Plateau(schedule);
        plateau.state = state;
      }
      plateau.step(loss);
      return plateau.lr;
    });
  };
  losses.forEach((_, i) => expect(rates(i), `before loss ${i}`).toEqual(rates(-1)));
});
