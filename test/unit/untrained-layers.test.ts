import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { describe, expect, it } from 'vitest';
import { JointTraining } from '../../src/operators/joint/joint-training.js';
import { encoderExempt } from '../../src/operators/stage1/encoder-exempt.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { clipObjective, svdObjective } from '../../src/operators/stage2/alignment-objective.js';
import { evidenceOf, vectorExempt } from '../../src/operators/embeddings/vector-exempt.js';
import { alignmentExempt } from '../../src/operators/stage2/alignment-exempt.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import {
  layoutOf,
  linearSpecs,
  partOf,
  type ParameterLayout,
} from '../../src/operators/tensor/parameters.js';
import {
  train,
  type Trainable,
  type TrainingJob,
  type TrainingStep,
} from '../../src/operators/tensor/train-loop.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { HafError } from '../../src/pipeline/core/errors.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { noCheckpoints } from '../../src/workers/job-checkpoints.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { judged } from '../support/judged.js';
import { jointCase, jointLabels } from '../support/joint-model.js';
import { cohortIn, miniCohort, miniConfig, type MiniInputs } from '../support/mini-cohort.js';
import { resolvedConfig, slotsNamed } from '../support/resolved-config.js';
import { runStage, scratchArtifact } from '../support/run-stage.js';

const defaults = resolvedConfig();
const layout = layoutOf([
  { name: 'first', shape: [2], fanIn: 1 },
  { name: 'second', shape: [1], fanIn: 1 },
]);

const job: Omit<TrainingJob, 'patients' | 'classes'> = {
  options: { ...defaults.train, epochs: 1 },
  of: 'haf',
  monitor: 'valAuc',
  ranking: 'valAuc',
  rng: rng(1, 'sampling'),
  backend: 'none',
  emit: () => undefined,
  signal: new AbortController().signal,
  checkpoints: noCheckpoints,
};

/** Trains a model. Entry i of `gradients` is the gradient of step i; the last entry is used for all further steps. */
async function trained(
  gradients: readonly (readonly number[])[],
  model: Partial<Trainable> = {},
  epochs = 2,
): Promise<unknown> {
  let steps = 0;
  const step = (): Promise<TrainingStep> => {
    const gradient = Float32Array.from(gradients[steps++] ?? (gradients.at(-1) as readonly number[]));
    return Promise.resolve({ loss: 1, gradient, metrics: {} });
  };
  const validate = (): Promise<{ loss: number; discrimination: number }> =>
    Promise.resolve({ loss: 1, discrimination: 0.5 });
  return train(
    { parameters: new Float32Array(3), layout, step, validate, ...model },
    {
      ...job,
      rng: rng(1, 'sampling'),
      options: { ...defaults.train, batch: 2, epochs },
      patients: [0, 1, 2, 3],
      classes: [0, 1, 0, 1],
    },
  ).catch((error: unknown) => error);
}

describe('an array without a gradient in the first epoch', () => {
  it('ends training with its name and the method', async () => {
    const error = (await trained([[0, 1, 0]])) as HafError;
    expect(error.code).toBe('HAF_LAYER_UNTRAINED');
    expect(error.what).toMatch(/haf had a gradient for second\.$/);
    expect(error.context).toEqual({ arrays: ['second'] });
  });

  it('is none when one step of the epoch gave it one, in one element', async () => {
    // An epoch has two steps. `second` has a gradient only in the second step of the first epoch.
    const gradients = [
      [0, 1, 0],
      [0, 0, -1e-30],
      [0, 0, 0],
    ];
    expect(await trained(gradients)).toMatchObject({ stopped: 'epochs' });
    const late = [
      [0, 1, 0],
      [0, 1, 0],
      [0, 1, 1],
    ];
    expect(await trained(late)).toMatchObject({ code: 'HAF_LAYER_UNTRAINED' });
  });

  it('may be stated by the model, who is told the groups', async () => {
    const groups: unknown[] = [];
    const exempt = (drawn: readonly (readonly number[])[]): ReadonlySet<string> => {
      groups.push(...drawn);
      return new Set(['second']);
    };
    expect(await trained([[1, 1, 0]], { exempt })).toMatchObject({ stopped: 'epochs' });
    expect(groups).toHaveLength(2);
    expect(groups.flat()).toHaveLength(4);
    expect(await trained([[0, 0, 0]], { exempt })).toMatchObject({ context: { arrays: ['first'] } });
  });

  it('is not looked for where no step was taken, but in the first epoch with one', async () => {
    const bad = [Number.NaN, 0, 0];
    const gradients = [bad, bad, [1, 1, 0]];
    expect(await trained(gradients, {}, 1)).toMatchObject({ skippedSteps: 2 });
    expect(await trained(gradients, {}, 3)).toMatchObject({ code: 'HAF_LAYER_UNTRAINED' });
  });
});

const mini = miniCohort(60);
const { base, embed, preprocess } = mini.inputs;
const inputs: MiniInputs = { ...base, ...embed, ...preprocess };
const cohort = cohortIn({ ...base, ...embed });
const labels = cohort.patients.map(({ y }) => y);
const source = new BagSource(
  cohort,
  'TMA',
  (embed.embed ?? []).map(({ id, files }) => scratchArtifact(id, {}, files)),
);

describe('what an encoder may leave without a gradient', () => {
  const everyone = [cohort.patients.map((_, patient) => patient)];
  const exemptOf = (
    mil: ConfigInput['mil'],
    drawn = everyone,
    options: { attached?: boolean; maxInstances?: number } = {},
  ): readonly string[] => {
    const encoder = bagEncoderOf(resolvedConfig({ mil }).mil, source.width, binaryCriterion, 5);
    const given = { source, targets: labels, maxInstances: null, attached: false, ...options };
    return [...encoderExempt(encoder, given, drawn)].sort();
  };

  it('is by default what softmax does not see', () => {
    expect(exemptOf({})).toEqual(['score.bias']);
  });

  it('is what no loss reaches by its weight', () => {
    expect(exemptOf({ wInst: 0 })).toEqual(['instance.bias', 'instance.weight', 'score.bias']);
    const detached = exemptOf({ wBag: 0, transfer: 'linear' });
    expect(detached).toContain('classifier.weight');
    expect(detached).toContain('tanh.weight');
    expect(detached).toContain('transfer.bias');
    expect(detached).not.toContain('embed.weight');
    expect(exemptOf({ wBag: 0 }, everyone, { attached: true })).toEqual([
      'classifier.bias',
      'classifier.weight',
      'score.bias',
    ]);
  });

  it('is what the drawn patients cannot teach', () => {
    const without = mini.withoutTma.slice(0, 2);
    expect(exemptOf({}, [without])).toContain('embed.weight');
    expect(exemptOf({}, everyone, { maxInstances: 1 })).toContain('sigmoid.weight');
    const living = labels.flatMap((y, patient) => (y === 0 ? [patient] : []));
    const one = { heads: 'deceased', subtyping: false } as const;
    expect(exemptOf(one, [living])).toContain('instance.weight');
    expect(exemptOf(one)).toEqual(['score.bias']);
    expect(exemptOf({ heads: 'deceased' }, [living])).toEqual(['score.bias']);
  });
});

/** A modality that the given patients out of five have. Its vectors are all ones, or all zeros. */
const input = (modality: ModalityId, having: readonly number[], value = 1): ModalityInput => ({
  modality,
  kind: 'table',
  width: 3,
  values: new Float32Array(15).fill(value),
  observed: Uint8Array.from({ length: 5 }, (_, i) => (having.includes(i) ? 1 : 0)),
});
const namesOf = (names: ReadonlySet<string>): readonly string[] => [...names].sort();

describe('what maps of modalities may leave without a gradient', () => {
  const maps = (modalities: readonly ModalityId[]): ParameterLayout =>
    layoutOf([
      ...modalities.flatMap((m) => linearSpecs(`phi.${m}`, 3, 2, m)),
      ...linearSpecs('joined', 3, 2),
    ]);

  it('is what belongs to a modality nobody drawn has, or one that says nothing', () => {
    const evidence = [input('Clin', [0, 1]), input('Blood', [4]), input('ICD', [0, 4], 0)].map(evidenceOf);
    const layoutOfAll = maps(['Clin', 'Blood', 'ICD']);
    const exempt = vectorExempt(layoutOfAll, evidence, [[0], [0, 1]]);
    expect(namesOf(exempt)).toEqual(['phi.Blood.bias', 'phi.Blood.weight', 'phi.ICD.weight']);
    expect(namesOf(vectorExempt(layoutOfAll, evidence, [[4, 1]]))).toEqual(['phi.ICD.weight']);
    const alone = vectorExempt(
      layoutOf(linearSpecs('fusion', 3, 2)),
      [evidenceOf(input('ICD', [0], 0))],
      [[0]],
    );
    expect(namesOf(alone)).toEqual(['fusion.weight']);
  });

  it('is what the singular values do not reach', () => {
    const evidence = [input('Clin', [0, 1, 2]), input('Blood', [2, 3])].map(evidenceOf);
    const exempt = (changes: object, drawn: number[][], attached = false): readonly string[] => {
      const objective = svdObjective({ ...defaults.align, ...changes });
      const all = layoutOf(['Clin', 'Blood'].flatMap((m) => linearSpecs(`phi.${m}`, 3, 2, m)));
      return namesOf(alignmentExempt(all, objective, evidence, drawn, attached));
    };
    expect(exempt({}, [[0, 3]])).toEqual([]);
    expect(exempt({}, [[0, 0]])).toHaveLength(4);
    expect(
      exempt({ lambdaPD: 0 }, [
        [0, 3],
        [1, 3],
      ]),
    ).toHaveLength(4);
    expect(
      exempt({ lambdaPD: 0 }, [
        [0, 3],
        [2, 2],
      ]),
    ).toEqual([]);
    expect(exempt({ weight: 0 }, [[2, 3]])).toHaveLength(4);
    expect(exempt({ weight: 0 }, [[2, 3]], true)).toEqual([]);
  });

  it('is what contrasts with the slide do not reach, and their scale without any', () => {
    const evidence = [input('WSI', [0, 1, 2]), input('Clin', [0, 1, 3]), input('Blood', [0])].map(evidenceOf);
    const exempt = (drawn: number[][], includeSelf = false): readonly string[] => {
      const modalities = evidence.map(({ modality }) => modality);
      const objective = clipObjective(
        defaults.align,
        { ...defaults.clip, includeSelf },
        slotsNamed(modalities),
      );
      const all = layoutOf([
        ...modalities.flatMap((m) => linearSpecs(`phi.${m}`, 3, 2, m)),
        ...objective.specs,
      ]);
      return namesOf(alignmentExempt(all, objective, evidence, drawn, false));
    };
    expect(exempt([[0, 1]])).toEqual(['phi.Blood.bias', 'phi.Blood.weight']);
    expect(
      exempt([
        [0, 0],
        [1, 3],
      ]),
    ).toContain('clip.logScale');
    expect(
      exempt([
        [0, 0],
        [1, 3],
      ]),
    ).toHaveLength(7);
    expect(exempt([[1, 2]], true)).not.toContain('clip.logScale');
    expect(exempt([[1, 2]], true)).toEqual(expect.arrayContaining(['phi.Clin.weight']));
  });
});

describe('the small cohort', () => {
  it('is trained on by an encoder with settings that leave parts of it out', async () => {
    const run = (mil: ConfigInput['mil']): Promise<unknown> =>
      runStage(stage1, {
        config: { ...miniConfig, mil, train: { epochs: 1 } },
        unit: { fold: 0, modality: 'TMA' },
        inputs,
      }).catch((error: unknown) => error);
    for (const mil of [{ wInst: 0 }, { wBag: 0 }, { heads: 'deceased' }, { transfer: 'linear' }] as const)
      expect(await run(mil), JSON.stringify(mil)).toHaveProperty('output');
    expect(await run({ wBag: 0, wInst: 0 })).toMatchObject({
      code: 'HAF_LAYER_UNTRAINED',
      context: { arrays: ['embed.weight', 'embed.bias'] },
    });
  });
});

describe('a layer left out of the gradient of a joint step', () => {
  /** The joint model, except that the gradients of some arrays are lost. */
  class Forgetful extends JointTraining {
    lost: readonly string[] = [];

    override async step(group: readonly number[]): Promise<TrainingStep> {
      const step = await super.step(group);
      for (const name of this.lost) partOf(this.layout, step.gradient, name).fill(0);
      return step;
    }
  }

  it.each(['haf', 'haf_attached'])('of %s is named, in encoder, phi and head', async (method) => {
    await loadBackend('wasm');
    const forgetting = async (lost: readonly string[]): Promise<unknown> => {
      const { parts, parameters } = await jointCase(method);
      const model = new Forgetful(parts, parameters, judged(jointLabels), []);
      model.lost = lost;
      const patients = jointLabels.map((_, patient) => patient);
      return train(model, { ...job, of: method, patients, classes: jointLabels }).catch(
        (error: unknown) => error,
      );
    };
    expect(await forgetting([])).toMatchObject({ stopped: 'epochs' });
    for (const lost of [
      ['encoder.TMA.tanh.weight'],
      ['encoder.WSI.instance.bias', 'encoder.WSI.classifier.weight'],
      ['alignment.phi.Blood.hidden.weight'],
      ['head.fusion.output.bias'],
    ]) {
      const error = (await forgetting(lost)) as HafError;
      expect(error.code).toBe('HAF_LAYER_UNTRAINED');
      expect(error.context['arrays']).toEqual(
        [...lost].sort((a, b) => Number(a.includes('instance')) - Number(b.includes('instance'))),
      );
      expect(error.what).toContain(method);
    }
  });
});
