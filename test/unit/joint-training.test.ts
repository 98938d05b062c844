import { judged } from '../support/judged.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { JointTraining, jointLayout } from '../../src/operators/joint/joint-training.js';
import { BagSource } from '../../src/operators/stage1/bag-source.js';
import { EncoderTraining } from '../../src/operators/stage1/encoder-training.js';
import { latentInputs } from '../../src/operators/stage2/latent-inputs.js';
import {
  gatherMask,
  gatherRows,
  type ModalityInput,
} from '../../src/operators/embeddings/modality-inputs.js';
import { ProjectionTraining } from '../../src/operators/stage2/projection-training.js';
import { partOf } from '../../src/operators/tensor/parameters.js';
import type { TrainingStep } from '../../src/operators/tensor/train-loop.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { scratchArtifact } from '../support/run-stage.js';
import {
  jointCase,
  jointGroup as group,
  jointLabels as labels,
  type JointCase,
} from '../support/joint-model.js';
import { hancockWords } from '../support/invented-cohort.js';
import { chosenBackend, useBackend } from '../support/numeric-backends.js';

const modelOf = ({ parts }: JointCase, parameters: Float32Array): JointTraining =>
  new JointTraining(parts, parameters, judged(labels), []);

/** Computes one training step of a new model, with its initial parameters or with the given ones. */
async function stepOf(
  method: string,
  config: Partial<ConfigInput> = {},
  parameters?: Float32Array,
): Promise<TrainingStep & { readonly given: JointCase }> {
  const given = await jointCase(method, config);
  return { ...(await modelOf(given, (parameters ?? given.parameters).slice()).step(group)), given };
}

/** Makes a feature file with the given number of random instances. */
function largeBags(rows: number, width: number): ReturnType<typeof scratchArtifact> {
  const stream = rng(9, 'large');
  const values = Float32Array.from({ length: rows * width }, () => stream.normal());
  return scratchArtifact('large', {}, { [featuresFiles.float32]: new Uint8Array(values.buffer) });
}

const largest = (values: Float32Array): number => values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
const partNamed = ({ parts }: JointCase, values: Float32Array, prefix: string): Float32Array => {
  const entries = jointLayout(parts).entries.filter(({ name }) => name.startsWith(`${prefix}.`));
  const [first, last] = [entries[0], entries.at(-1)];
  if (!first || !last) throw new Error(`no arrays of ${prefix}`);
  return values.subarray(first.offset, last.offset + last.size);
};
const close = (actual: Float32Array, wanted: Float32Array, what: string): void => {
  expect(actual.length, what).toBe(wanted.length);
  const worst = actual.reduce((max, value, i) => Math.max(max, Math.abs(value - (wanted[i] as number))), 0);
  expect(worst, what).toBeLessThan(1e-5 * largest(wanted) + 1e-9);
};

beforeAll(async () => {
  await useBackend(chosenBackend);
});

describe('the gradient of a joint step', () => {
  const attached: readonly (readonly [string, Partial<ConfigInput>])[] = [
    ['haf_attached', {}],
    ['ga_attached', {}],
    // ReLU is off, because a step of the central differences would cross a point where ReLU has no derivative.
    ['drop_attached', { fusion: { activation: 'none' } }],
    ['all_mlp_attached', { fusion: { activation: 'none' } }],
    [
      'haf_attached',
      { mil: { transfer: 'linear', heads: 'deceased', wBag: 0.9, wInst: 0.1, wInstAgain: 1 } },
    ],
    ['all_mlp_attached', { mil: { transfer: 'linear' } }],
    ['ga_max', { pool: { detach: false } }],
    ['ga_mean', { pool: { detach: false, imageLoss: false, tauSv: 0.1, tauPd: 0.05, lambdaPD: 1 } }],
    ['mdlm', { mdlm: { detach: false } }],
    ['ps3', { detach: false }],
    ['bilinear', { detach: false }],
    ['clip', { detach: false, clip: { temperature: 0.5 } }],
  ];
  it.each(attached)(
    'of %s without detachment, %o, has the slope of its whole loss in every array',
    async (method, config) => {
      const { given, gradient } = await stepOf(method, config);
      const layout = jointLayout(given.parts);
      expect(given.settings.detach).toBe(false);
      const exempt = modelOf(given, given.parameters).exempt([group]);
      for (const { name } of layout.entries) {
        const slope = partOf(layout, gradient, name);
        const squared = slope.reduce((sum, value) => sum + value * value, 0);
        expect(squared === 0, name).toBe(exempt.has(name));
        if (squared === 0) continue;
        const norm = Math.sqrt(squared);
        const step = 1e-3;
        const moved = async (by: number): Promise<number> => {
          const parameters = given.parameters.slice();
          const part = partOf(layout, parameters, name);
          slope.forEach((value, i) => (part[i] = (part[i] as number) + (by * value) / norm));
          return (await stepOf(method, config, parameters)).loss;
        };
        const measured = ((await moved(step)) - (await moved(-step))) / (2 * step);
        expect(Math.abs(measured - norm), `${name}: ${measured} for ${norm}`).toBeLessThan(
          0.02 * norm + 2e-4,
        );
      }
    },
  );
});

describe('with detachment', () => {
  /** A copy of the parameters in which those of one part are changed. */
  const moving = ({ parameters, ...given }: JointCase, prefix: string): Float32Array => {
    const moved = parameters.slice();
    partNamed({ parameters, ...given }, moved, prefix).forEach(
      (value, i, part) => (part[i] = 1.1 * value + 0.01),
    );
    return moved;
  };
  const gradientsWhen = async (
    method: string,
    config: Partial<ConfigInput>,
    prefix: string,
  ): Promise<(of: string) => boolean> => {
    const before = await stepOf(method, config);
    const after = await stepOf(method, config, moving(before.given, prefix));
    return (of) =>
      partNamed(before.given, before.gradient, of).some(
        (value, i) => value !== partNamed(after.given, after.gradient, of)[i],
      );
  };

  it('encoders and phi learn nothing from the head, without it both do', async () => {
    const detached = await gradientsWhen('haf', {}, 'head');
    expect(['encoder.WSI', 'encoder.TMA', 'alignment', 'head'].map(detached)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    const attached = await gradientsWhen('haf_attached', {}, 'head');
    expect(['encoder.WSI', 'encoder.TMA', 'alignment', 'head'].map(attached)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('encoders learn nothing from the alignment, without it they do', async () => {
    const detached = await gradientsWhen('ga', {}, 'alignment');
    expect(['encoder.WSI', 'encoder.TMA', 'alignment'].map(detached)).toEqual([false, false, true]);
    const attached = await gradientsWhen('ga', { detach: false }, 'alignment');
    expect(['encoder.WSI', 'encoder.TMA', 'alignment'].map(attached)).toEqual([true, true, true]);
  });

  it('the maps of a row without alignment belong to the head, and cut z alone', async () => {
    const detached = await gradientsWhen('all_mlp', {}, 'head.fusion');
    expect(['encoder.WSI', 'encoder.TMA', 'head.projection.TMA'].map(detached)).toEqual([false, false, true]);
    const attached = await gradientsWhen('all_mlp_attached', {}, 'head.fusion');
    expect(['encoder.WSI', 'encoder.TMA', 'head.projection.TMA'].map(attached)).toEqual([true, true, true]);
  });

  it.each(['haf', 'clip_drop', 'drop', 'all_mlp', 'ga_mean', 'ps3'])(
    '%s takes the three steps that the stages take by themselves',
    async (method) => {
      const { gradient, loss, metrics, given } = await stepOf(method);
      const { parts, parameters } = await jointCase(method);
      const ofPart = (prefix: string): Float32Array => partNamed(given, parameters, prefix);
      const gradientOf = (prefix: string): Float32Array => partNamed(given, gradient, prefix);
      const positions = group.map((_, position) => position);
      const inputs: ModalityInput[] = [];
      let total = 0;
      for (const { modality, encoder, source, ...options } of parts.encoders) {
        const members = positions.filter((position) => source.has(group[position] as number));
        const patients = members.map((position) => group[position] as number);
        const part = ofPart(`encoder.${modality}`);
        const training = new EncoderTraining(encoder, part, source, labels, { ...options, validation: [] });
        const z = await training.rehearse(patients);
        const alone = await training.step(patients);
        // The joint loss divides by all patients of the group. The loss of the encoder alone divides by the patients
        // who have the modality.
        const share = patients.length / group.length;
        close(
          gradientOf(`encoder.${modality}`),
          alone.gradient.map((value) => share * value),
          modality,
        );
        expect(metrics[`img_${modality.toLowerCase()}`]).toBeCloseTo(share * alone.loss, 5);
        total += share * alone.loss;
        const width = encoder.embedding;
        const values = new Float32Array(group.length * width);
        members.forEach((position, row) =>
          values.set(z.subarray(row * width, (row + 1) * width), position * width),
        );
        const observed = Uint8Array.from(positions, (position) => (members.includes(position) ? 1 : 0));
        inputs.push({ modality, kind: 'bag', width, values, observed });
      }
      for (const table of parts.tables)
        inputs.push({
          ...table,
          values: gatherRows(table, group),
          observed: Uint8Array.from(group, (patient) => table.observed[patient] as number),
        });
      let read: readonly ModalityInput[] = inputs;
      if (parts.alignment !== null) {
        const projection = { ...parts.alignment.projection, inputs };
        const { objective } = parts.alignment;
        const alone = await new ProjectionTraining(projection, objective, ofPart('alignment'), []).step(
          positions,
        );
        close(gradientOf('alignment'), alone.gradient, 'alignment');
        total += alone.loss;
        const mask = gatherMask(inputs, positions);
        read = latentInputs({ u: alone.u, mask, width: projection.width }, parts.chosen);
      }
      const own = group.map((patient) => labels[patient] as 0 | 1);
      const head = await parts.head.step(
        ofPart('head'),
        { inputs: read, patients: positions, targets: own },
        false,
      );
      close(gradientOf('head'), head.gradient, 'head');
      expect(loss).toBeCloseTo(total + head.loss, 5);
    },
  );
});

/** A source of bags that records the memory of the backend each time a bag is loaded. */
class Watched extends BagSource {
  readonly seen: { readonly patient: number; readonly tensors: number; readonly bytes: number }[] = [];

  override load(patient: number): Promise<Float32Array> {
    const { numTensors, numBytes } = tf.memory();
    this.seen.push({ patient, tensors: numTensors, bytes: numBytes });
    return super.load(patient);
  }
}

describe('memory of a joint step', () => {
  it.each(['haf', 'haf_attached'])('%s holds one pack of large bags at a time', async (method) => {
    const { parts, parameters } = await jointCase(method);
    const rows = 3000;
    const width = parts.encoders[0]?.encoder.width ?? 0;
    const artifact = largeBags(rows * group.length, width);
    const cohort = {
      outcome: hancockWords,
      widths: { WSI: width },
      precisions: { WSI: 'float32' as const },
      patients: labels.map((y, i) => ({
        id: String(i),
        y,
        followUpDays: null,
        bags: group.includes(i) ? { WSI: [{ artifact: 'large', start: group.indexOf(i) * rows, rows }] } : {},
      })),
    };
    const source = new Watched(cohort, 'WSI', [artifact]);
    const encoders = parts.encoders.map((part) =>
      part.modality === 'WSI' ? { ...part, source, maxInstances: null } : part,
    );
    const before = tf.memory();
    await new JointTraining({ ...parts, encoders }, parameters, judged(labels), []).step(group);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    // Each bag is a pack of its own and is loaded once in each pass.
    const taken = method === 'haf' ? [...group] : [...group, ...group];
    expect(source.seen.map(({ patient }) => patient)).toEqual(taken);
    for (const { tensors, bytes } of source.seen) {
      expect(tensors).toBe(source.seen[0]?.tensors);
      expect(bytes).toBe(source.seen[0]?.bytes);
    }
    expect(source.seen[0]?.bytes).toBeLessThan(before.numBytes + 4 * 2 * parameters.length);
  });
});

describe('validation of a joint model', () => {
  it('is L_img and l+ per patient, and says nothing without patients', async () => {
    const given = await jointCase('haf');
    const patients = [1, 2, 3, 4, 5];
    const model = new JointTraining(given.parts, given.parameters, judged(labels), patients);
    const { loss, discrimination } = await model.validate();
    const { losses, inputs } = await model.embed(patients);
    expect(inputs.map(({ modality }) => modality)).toEqual(['WSI', 'TMA', 'Clin', 'Blood']);
    let wanted = 0;
    for (const [i, { modality, encoder, source, ...options }] of given.parts.encoders.entries()) {
      const having = patients.filter((patient) => source.has(patient));
      const part = partNamed(given, given.parameters, `encoder.${modality}`);
      const alone = new EncoderTraining(encoder, part, source, labels, { ...options, validation: having });
      const { loss: mean } = await alone.validate();
      expect(losses[i]).toBeCloseTo((mean as number) * having.length, 6);
      wanted += (mean as number) * having.length;
    }
    expect(loss).toBeGreaterThan(wanted / patients.length);
    expect(discrimination).not.toBeNull();
    expect(await modelOf(given, given.parameters).validate()).toEqual({ loss: null, discrimination: null });
  });
});
