import { filter, firstValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { HafError } from '../../src/pipeline/core/errors.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { Artifact, StageContext } from '../../src/pipeline/stage.js';
import { splitsFile } from '../../src/operators/splits/split-data.js';
import { historySchema } from '../../src/operators/tensor/history-data.js';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { noCheckpoints } from '../../src/workers/job-checkpoints.js';
import { cohortIn, miniCohort, miniConfig, type MiniInputs } from '../support/mini-cohort.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { runStage, scratchArtifact } from '../support/run-stage.js';

const mini = miniCohort(60);
const inputs: MiniInputs = { ...mini.inputs.base, ...mini.inputs.embed };
const cohort = cohortIn(inputs);
const unit = { fold: 0, modality: 'TMA' } as const;
const foldOf = (train: readonly string[], val: readonly string[]): MiniInputs => ({
  ...inputs,
  split: [{ id: 'split', files: { [splitsFile]: { folds: [{ train, val, test: [] }], hash: 'own' } } }],
});
const withTma = cohort.patients.filter(({ bags }) => bags['TMA']).map(({ id }) => id);
const living = cohort.patients.filter(({ y, bags }) => y === 0 && bags['TMA']).map(({ id }) => id);

describe('stage 1', () => {
  it('ends by patience on a validation set of one class, and says which weights it kept', async () => {
    const val = living.slice(0, 8);
    const train = withTma.filter((id) => !val.includes(id));
    const config = { ...miniConfig, train: { ...miniConfig.train, epochs: 40, patience: 5 } };
    const { output } = await runStage(stage1, { config, unit, inputs: foldOf(train, val) });
    const history = historySchema.parse(output.files['history.json']);
    expect(history.stopped).toBe('patience');
    expect(history.epochs).toHaveLength(5);
    expect(history.epochs.every(({ valAuc }) => valAuc === null)).toBe(true);
    const losses = history.epochs.map(({ valLoss }) => valLoss as number);
    expect(history.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1);
    expect(history.warnings.join()).toMatch(/AUC was undefined/);
    expect(output.metrics?.['valAuc']).toBeNull();
  });

  it('trains on patients who have the modality, a subsample of each bag at a time', async () => {
    const config = { ...miniConfig, bag: { maxInstances: 2 }, train: { ...miniConfig.train, epochs: 2 } };
    const short = await runStage(stage1, { config, unit, inputs });
    const whole = await runStage(stage1, { config: { ...config, bag: {} }, unit, inputs });
    expect(short.progress).toHaveLength(2);
    expect(short.output.files['weights.safetensors']).not.toEqual(whole.output.files['weights.safetensors']);
  });

  it('refuses a fold without a training patient who has the modality', async () => {
    const without = mini.withoutTma.map((i) => cohort.patients[i]?.id ?? '');
    const error: unknown = await runStage(stage1, {
      config: miniConfig,
      unit,
      inputs: foldOf(without, withTma),
    }).catch((thrown: unknown) => thrown);
    expect((error as HafError).code).toBe('HAF_COHORT_INVALID');
  });

  it('refuses a split that names an unknown patient, or lacks the fold', async () => {
    const failure = async (run: Parameters<typeof runStage>[1]): Promise<HafError> =>
      (await runStage(stage1, run).catch((thrown: unknown) => thrown)) as HafError;
    const unknown = await failure({ config: miniConfig, unit, inputs: foldOf(['999'], withTma) });
    expect(unknown.code).toBe('HAF_SPLIT_INVALID');
    expect(unknown.what).toContain('999');
    const missing = await failure({ config: miniConfig, unit: { ...unit, fold: 3 }, inputs });
    expect(missing.code).toBe('HAF_SPLIT_INVALID');
  });

  it('stops computing soon after it is unsubscribed', async () => {
    const config = resolvedConfig({
      ...miniConfig,
      train: { ...miniConfig.train, epochs: 100_000, patience: 100_000 },
    });
    const artifacts = Object.fromEntries(
      Object.entries(inputs).map(([role, list]) => [
        role,
        (list ?? []).map(({ id, unit: of, files }) => scratchArtifact(id, of ?? {}, files)),
      ]),
    );
    // Counts the draws from all random streams. A job that continues training also continues to draw.
    let draws = 0;
    const context: StageContext = {
      unit,
      config,
      sources: [],
      inputs: {
        all: (role) => artifacts[role] ?? [],
        one: (role) => (artifacts[role] as [Artifact])[0],
      },
      checkpoints: noCheckpoints,
      rng: (purpose) => {
        const stream = rng(1, purpose);
        return { ...stream, int: (bound) => (draws++, stream.int(bound)) };
      },
    };
    const epochs = await firstValueFrom(
      stage1(context).pipe(
        filter(({ type }) => type === 'epoch'),
        take(2),
        toArray(),
      ),
    );
    expect(epochs).toHaveLength(2);
    const soonAfter = await drawsAfter(() => draws, 20);
    expect(await drawsAfter(() => draws, 50)).toBe(soonAfter);
  });
});

/** The number of random draws, as `count` gives it, after the given number of turns of the event loop. */
async function drawsAfter(count: () => number, turns: number): Promise<number> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  return count();
}
