import { judged, outputs } from '../support/judged.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { mfmfOf, type Mfmf } from '../../src/operators/mfmf/mfmf-net.js';
import { MfmfTraining, type MfmfTrainingOptions } from '../../src/operators/mfmf/mfmf-training.js';
import type { BagSource } from '../../src/operators/stage1/bag-source.js';
import { subsample } from '../../src/operators/stage1/pack-bags.js';
import { packRows } from '../../src/operators/stage1/packed-bags.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { initialParameters, partOf } from '../../src/operators/tensor/parameters.js';
import { bagsInMemory, tablesOf } from '../support/small-inputs.js';
import { chosenBackend, useBackend } from '../support/numeric-backends.js';

const patients = 8;
const labels = Array.from({ length: patients }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0));
const all = tablesOf(['Clin', 'Blood'], patients, (m) => 3 + m);
// The last patient has no table.
const tables = all.map((input) => ({
  ...input,
  observed: input.observed.map((is, i) => (i === 7 ? 0 : is)),
}));
const wsi = bagsInMemory(6, [4, 0, 2, 7, 1, 0, 3, 5]);
const tma = bagsInMemory(4, [3, 5, 0, 2, 6, 0, 1, 4]);

interface Bags {
  readonly WSI: BagSource;
  readonly TMA: BagSource;
}

const netOf = (): Mfmf =>
  mfmfOf({
    ...{ width: 8, heads: 2, tables, sequence: ['TMA', 'WSI'], output: outputs(1), frozen: null },
    bags: { WSI: 6, TMA: 4 },
  });

/** A fresh model, so that its streams start anew. */
function modelOf(
  changes: Partial<MfmfTrainingOptions> = {},
  bags: Bags = { WSI: wsi.source, TMA: tma.source },
  parameters = initialParameters(netOf().layout, rng(4, 'init')),
): MfmfTraining {
  return new MfmfTraining(netOf(), parameters, {
    ...{ tables, judged: judged(labels), maxInstances: null, validation: [0, 1, 2, 3] },
    bags: {
      WSI: { source: bags.WSI, subsample: rng(1, 'WSI') },
      TMA: { source: bags.TMA, subsample: rng(1, 'TMA') },
    },
    ...changes,
  });
}

const closeTo = (actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-6): void => {
  expect(actual.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++)
    expect(Math.abs((actual[i] as number) - (wanted[i] as number)), `${i}`).toBeLessThan(tolerance);
};

beforeAll(async () => {
  await useBackend(chosenBackend);
});

describe('a step of MFMF', () => {
  it('is the mean over its patients, each as if alone', async () => {
    const group = [0, 1, 2, 2, 5, 7];
    const { loss, gradient, metrics } = await modelOf().step(group);
    const alone = await Promise.all(group.map((patient) => modelOf().step([patient])));
    const mean = (of: (step: (typeof alone)[number]) => number): number =>
      alone.reduce((sum, step) => sum + of(step), 0) / group.length;
    expect(loss).toBeCloseTo(
      mean((step) => step.loss),
      6,
    );
    expect(metrics).toEqual({ full: loss });
    closeTo(
      gradient,
      gradient.map((_, i) => mean((step) => step.gradient[i] as number)),
    );
  });

  it('has the slope of its loss where a bag is larger than a pack', async () => {
    const large = bagsInMemory(6, [3, packRows + 500, 2, 0, 0, 0, 0, packRows + 1]);
    const bags = { WSI: large.source, TMA: tma.source };
    const group = [0, 1, 2, 7];
    const { layout } = netOf();
    const parameters = initialParameters(layout, rng(4, 'init'));
    const { gradient } = await modelOf({}, bags, parameters).step(group);
    for (const name of ['token.WSI.weight', 'token.WSI.bias', 'block.2.WSI.key.weight']) {
      const slope = partOf(layout, gradient, name);
      const squared = slope.reduce((sum, value) => sum + value * value, 0);
      expect(squared, name).toBeGreaterThan(0);
      const step = 1e-2 / Math.sqrt(squared);
      const lossAt = async (by: number): Promise<number> => {
        const moved = parameters.slice();
        const part = partOf(layout, moved, name);
        part.forEach((value, i) => (part[i] = value + by * (slope[i] as number)));
        return (await modelOf({}, bags, moved).step(group)).loss;
      };
      const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      expect(Math.abs(numeric / squared - 1), name).toBeLessThan(1e-2);
    }
  });

  it('reads a seeded subsample of larger bags in training, and whole bags in evaluation', async () => {
    const most = 2;
    const small = await modelOf({ maxInstances: most }).step([0, 3, 7]);
    const [forWsi, forTma] = [rng(1, 'WSI'), rng(1, 'TMA')];
    const cut = (bags: typeof wsi, width: number, stream: typeof forWsi): BagSource => {
      const kept = new Map(
        [0, 3, 7].map((patient) => {
          const rows = bags.instancesOf(patient);
          return [
            patient,
            (subsample(rows.length, most, stream) ?? rows.map((_, i) => i)).map((i) => rows[i]),
          ];
        }),
      );
      const source: Pick<BagSource, 'width' | 'has' | 'rows' | 'load' | 'prefetch'> = {
        width,
        has: (patient) => kept.has(patient),
        rows: (patient) => kept.get(patient)?.length ?? 0,
        load: (patient) =>
          Promise.resolve(Float32Array.from((kept.get(patient) ?? []).flatMap((row) => row ?? []))),
        prefetch: () => undefined,
      };
      return source as BagSource;
    };
    const same = await modelOf({}, { WSI: cut(wsi, 6, forWsi), TMA: cut(tma, 4, forTma) }).step([0, 3, 7]);
    expect(small).toEqual(same);
    expect(await modelOf({ maxInstances: most }).outputs([0, 3, 7])).toEqual(
      await modelOf().outputs([0, 3, 7]),
    );
  });

  it('never reads the row of a table that a patient does not have', async () => {
    const poisoned = tables.map((input): ModalityInput => ({
      ...input,
      values: input.values.map((value, i) =>
        input.observed[Math.floor(i / input.width)] === 1 ? value : Number.NaN,
      ),
    }));
    const everyone = labels.map((_, i) => i);
    expect(await modelOf({ tables: poisoned }).step(everyone)).toEqual(await modelOf().step(everyone));
  });

  it('keeps no tensor', async () => {
    const model = modelOf();
    const before = tf.memory().numTensors;
    await model.step([0, 1, 2, 7]);
    await model.validate();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what MFMF may leave without a gradient', () => {
  const exempt = (group: readonly number[], changes: Partial<MfmfTrainingOptions> = {}): readonly string[] =>
    [...modelOf(changes).exempt([group])].sort();

  it('is the learned token when everybody has a table, and what belongs to bags nobody has', async () => {
    expect(exempt([0, 3, 7])).toEqual([]);
    expect(exempt([0, 3])).toEqual(['query']);
    const without = exempt([1, 5]);
    expect(without).toContain('token.WSI.weight');
    expect(without).toContain('block.2.WSI.output.bias');
    expect(without.some((name) => name.includes('TMA'))).toBe(false);
    // Patients 1 and 5 have no slides. So exactly the arrays that belong to slides (`without`) have no gradient.
    const { layout } = netOf();
    const { gradient } = await modelOf().step([1, 5]);
    const silent = layout.entries
      .map(({ name }) => name)
      .filter((name) => partOf(layout, gradient, name).every((value) => value === 0));
    expect(silent.sort()).toEqual(without);
  });

  it('is where to look, when no bag has two instances to choose from', () => {
    const looking = ['key.weight', 'query.weight', 'queryNorm.bias', 'queryNorm.weight'];
    expect(exempt([0, 3, 7], { maxInstances: 1 })).toEqual([
      ...looking.map((name) => `block.1.TMA.${name}`),
      ...looking.map((name) => `block.2.WSI.${name}`),
    ]);
  });
});
