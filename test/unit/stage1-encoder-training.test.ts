import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { bagGrad } from '../../src/operators/stage1/bag-grad.js';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { openPasses } from '../../src/operators/stage1/open-passes.js';
import { EncoderTraining, type EncoderTrainingOptions } from '../../src/operators/stage1/encoder-training.js';
import { bagEncoderOf, type BagEncoder } from '../../src/operators/stage1/bag-encoder.js';
import { drawMasks } from '../../src/operators/stage1/packed-bags.js';
import { nativeProducts } from '../../src/operators/tensor/backend.js';
import { Scratch } from '../../src/operators/tensor/scratch.js';
import { auc } from '../../src/operators/stats/auc.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import type { TrainingStep } from '../../src/operators/tensor/train-loop.js';
import { cohortIn, miniCohort } from '../support/mini-cohort.js';
import { scratchArtifact } from '../support/run-stage.js';
import { chosenBackend, useBackend } from '../support/numeric-backends.js';

const { base, embed } = miniCohort(40).inputs;
const cohort = cohortIn({ ...base, ...embed });
const features = scratchArtifact(
  'features',
  {},
  { [featuresFiles.float32]: embed.embed?.[0]?.files[featuresFiles.float32] ?? {} },
);
const source = new BagSource(cohort, 'TMA', [features]);
const labels = cohort.patients.map(({ y }) => y);
const having = labels.map((_, i) => i).filter((patient) => source.has(patient));
const validation = having.slice(0, 12);

const mil: Config['mil'] = {
  ...configSchema.parse({ name: 'test' }).mil,
  hidden: 16,
  attention: 8,
  wBag: 0.7,
  wInst: 0.3,
};
const encoderWith = (changes: Partial<Config['mil']>): BagEncoder =>
  bagEncoderOf({ ...mil, ...changes }, source.width, binaryCriterion);
const parametersOf = (encoder: BagEncoder): Float32Array =>
  initialParameters(encoder.layout, rng(3, 'init')).map((value) => 2 * value);
const trainingOf = (encoder: BagEncoder, changes: Partial<EncoderTrainingOptions> = {}): EncoderTraining =>
  new EncoderTraining(encoder, parametersOf(encoder), source, labels, {
    maxInstances: null,
    validation,
    dropout: rng(4, 'dropout'),
    subsample: rng(4, 'subsample'),
    ...changes,
  });

beforeAll(async () => {
  await useBackend(chosenBackend);
});

describe('validation of the encoder', () => {
  it('looks at whole bags without dropout, and counts both losses', async () => {
    const encoder = encoderWith({ dropout: 0.5, attentionDropout: 0.5 });
    const passes = openPasses(encoder, parametersOf(encoder));
    const sums = { bag: 0, instance: 0 };
    const scores: number[] = [];
    for (const patient of validation) {
      const bag = { offsets: [0, source.rows(patient)], targets: [labels[patient] as 0 | 1] };
      const pack = { ...bag, rows: await source.load(patient), width: source.width };
      const { bagLosses, instanceLosses, logits } = await bagGrad(encoder, passes, pack, null, null);
      sums.bag += bagLosses[0] ?? 0;
      sums.instance += instanceLosses[0] ?? 0;
      scores.push((logits[1] as number) - (logits[0] as number));
    }
    passes.dispose();
    const model = trainingOf(encoder, { maxInstances: 2 });
    const { loss, discrimination: measured } = await model.validate();
    expect(loss).toBeCloseTo((0.7 * sums.bag + 0.3 * sums.instance) / validation.length, 5);
    expect(measured).toBe(
      auc(
        validation.map((patient) => labels[patient] as 0 | 1),
        scores,
      ),
    );
    expect(await model.validate()).toEqual({ loss, discrimination: measured });
  });
});

describe('a training step of the encoder', () => {
  const [a, b] = [having[20] as number, having[21] as number];
  const stepOf = (changes: Partial<Config['mil']>, group = [a, b]): Promise<TrainingStep> =>
    trainingOf(encoderWith({ dropout: 0, attentionDropout: 0, ...changes })).step(group);

  it('is the mean over its bags', async () => {
    const [first, second, both] = [await stepOf({}, [a]), await stepOf({}, [b]), await stepOf({})];
    expect(both.loss).toBeCloseTo((first.loss + second.loss) / 2, 5);
    both.gradient.forEach((value, i) =>
      expect(value).toBeCloseTo(((first.gradient[i] as number) + (second.gradient[i] as number)) / 2, 5),
    );
  });

  it('sees either dropout', async () => {
    const plain = await stepOf({});
    for (const changes of [{ dropout: 0.5 }, { attentionDropout: 0.5 }])
      expect(Math.abs((await stepOf(changes)).loss - plain.loss), JSON.stringify(changes)).toBeGreaterThan(
        1e-6,
      );
  });

  it('sees a subsample of its bags', async () => {
    const encoder = encoderWith({ dropout: 0, attentionDropout: 0 });
    const short = await trainingOf(encoder, { maxInstances: 2 }).step([a, b]);
    expect(Math.abs(short.loss - (await stepOf({})).loss)).toBeGreaterThan(1e-6);
  });
});

describe('dropout masks', () => {
  it('drop the instance embedding by one rate and both gates by the other', () => {
    const pack = { rows: new Float32Array(), width: 1, offsets: [0, 300, 500], targets: [0, 1] as const };
    const masksWith = (changes: Partial<Config['mil']>): ReturnType<typeof drawMasks> =>
      drawMasks(pack, encoderWith(changes), rng(1, 'masks'));
    const dropped = (mask: Float32Array | null): number =>
      (mask ?? []).filter((value) => value === 0).length / (mask?.length ?? 0);
    const both = masksWith({ dropout: 0.1, attentionDropout: 0.6 });
    expect([both.embed, both.tanh, both.sigmoid].map((mask) => mask?.length)).toEqual([8000, 4000, 4000]);
    expect(Math.abs(dropped(both.embed) - 0.1)).toBeLessThan(0.03);
    expect(Math.abs(dropped(both.tanh) - 0.6)).toBeLessThan(0.03);
    expect(Math.abs(dropped(both.sigmoid) - 0.6)).toBeLessThan(0.03);
    expect(both.tanh).not.toEqual(both.sigmoid);
    expect(masksWith({ dropout: 0, attentionDropout: 0.6 }).embed).toBeNull();
    expect(masksWith({ dropout: 0.1, attentionDropout: 0 })).toMatchObject({ tanh: null, sigmoid: null });
  });
});

/** Allocates new arrays in each step, to compare with training that uses its arrays again. */
class NothingUsedAgain extends Scratch {
  override floats(_: string, size: number): Float32Array {
    return new Float32Array(size);
  }
}

describe('arrays that are used again by native passes', () => {
  beforeAll(async () => {
    await useBackend('onnx');
    expect(nativeProducts()).not.toBeNull();
  });

  it.each([{}, { dropout: 0 }, { attentionDropout: 0, transfer: 'linear' }, { wInst: 0 }] as const)(
    'change no bit of what passes between one another give, with %o',
    async (changes) => {
      const encoder = encoderWith({ dropout: 0.25, attentionDropout: 0.25, ...changes });
      const bySize = [...having].sort((a, b) => source.rows(b) - source.rows(a));
      const [largest, smallest] = [bySize[0] as number, bySize.at(-1) as number];
      expect(source.rows(largest)).toBeGreaterThan(source.rows(smallest));
      const course = async (scratch: Scratch): Promise<unknown[]> => {
        const model = trainingOf(encoder, { scratch });
        const found: unknown[] = [];
        const dz = new Float32Array(2 * encoder.embedding).fill(0.1);
        for await (const { result } of model.evaluate([largest, smallest, ...having])) {
          found.push(result);
          found.push(await model.step([smallest, largest, smallest]));
          found.push(await model.rehearse([largest, smallest]));
          const into = new Float32Array(encoder.layout.size);
          found.push(await model.pass([smallest, largest], { into, dz }), into, await model.validate());
        }
        // The results are compared only at the end. So an array that a later pass overwrites shows a difference.
        return found;
      };
      expect(await course(new Scratch())).toEqual(await course(new NothingUsedAgain()));
    },
  );
});
