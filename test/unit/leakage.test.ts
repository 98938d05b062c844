import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StageCode, StageOutput, Unit } from '../../src/pipeline/stage.js';
import { joint } from '../../src/operators/joint/joint.js';
import { cohortFile, type CohortFile } from '../../src/operators/cohort/cohort-data.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import {
  readSafetensors,
  writeSafetensors,
  type NamedArray,
} from '../../src/operators/tensor/safetensors.js';
import {
  cohortIn,
  miniCohort,
  miniConfig,
  type MiniCohort,
  type MiniInputs,
} from '../support/mini-cohort.js';
import { runStage, type ArtifactFiles } from '../support/run-stage.js';

const patients = 120;
// In the mini cohort, the first 72 patients train, the next 24 validate, and the last 24 are tested.
const [firstVal, firstTest] = [72, 96];

const filesOf = (list: MiniInputs[keyof MiniInputs]): ArtifactFiles => list?.[0]?.files ?? {};

/** The mini cohort with other labels, bags and table rows for the patients from `first` up to `end`. */
function perturbed(first: number, end: number): MiniCohort['inputs'] {
  const { base, embed, preprocess } = miniCohort(patients).inputs;
  const cohort = cohortIn({ ...base, ...embed });
  const hit = (patient: number): boolean => patient >= first && patient < end;

  const bytes = filesOf(embed.embed)[featuresFiles.float32] as Uint8Array;
  const rows = new Float32Array(bytes.slice().buffer);
  cohort.patients
    .filter((_, i) => hit(i))
    .forEach(({ bags }) => {
      for (const { start, rows: count } of bags['TMA'] ?? []) {
        const width = cohort.widths['TMA'] ?? 0;
        for (let at = start * width; at < (start + count) * width; at++)
          rows[at] = 1 - 3 * (rows[at] as number);
      }
    });
  const changed = (values: NamedArray): NamedArray => ({
    shape: values.shape,
    data: (values.data as Float32Array).map((value, at) =>
      hit(Math.floor(at / (values.shape[1] ?? 1))) ? 7 - value : value,
    ),
  });
  const file = filesOf(base.cohort)[cohortFile] as CohortFile;
  const flipped = file.patients.map((p, i) => (hit(i) ? { ...p, y: (1 - p.y) as 0 | 1 } : p));
  return {
    base: { ...base, cohort: [{ id: 'cohort', files: { [cohortFile]: { ...file, patients: flipped } } }] },
    embed: {
      ...embed,
      embed: [{ id: 'features', files: { [featuresFiles.float32]: new Uint8Array(rows.buffer) } }],
    },
    preprocess: {
      preprocess: (preprocess.preprocess ?? []).map(({ files, ...of }) => {
        const { values, ...mask } = readSafetensors(files[vectorsFile] as Uint8Array);
        const arrays = { values: changed(values as NamedArray), ...mask };
        return { ...of, files: { [vectorsFile]: writeSafetensors(arrays) } };
      }),
    },
  };
}

/** Everything that is trained in a fold, stage after stage. */
async function trainAll(
  { base, embed, preprocess }: MiniCohort['inputs'],
  epochs: number,
): Promise<Record<string, StageOutput>> {
  const config = { ...miniConfig, train: { ...miniConfig.train, epochs } };
  const go = async (code: StageCode, unit: Unit, inputs: MiniInputs): Promise<StageOutput> =>
    (await runStage(code, { config, unit: { fold: 0, ...unit }, inputs: { ...base, ...inputs } })).output;
  const encoder = await go(stage1, { modality: 'TMA' }, embed);
  const embedded: MiniInputs = {
    ...preprocess,
    stage1: [{ id: 'encoder', unit: { fold: 0, modality: 'TMA' }, files: encoder.files }],
  };
  const aligned = await go(stage2, { alignment: 'svd' }, embedded);
  const latent: MiniInputs = { stage2: [{ id: 'aligned', files: aligned.files }] };
  return {
    stage1: encoder,
    stage2: aligned,
    haf: await go(stage3, { method: 'haf' }, latent),
    drop: await go(stage3, { method: 'drop' }, embedded),
    blood: await go(stage3, { method: 'blood' }, preprocess),
    haf_attached: await go(joint, { method: 'haf_attached' }, { ...embed, ...preprocess }),
    mfmf: await go(joint, { method: 'mfmf' }, { ...embed, ...preprocess }),
  };
}

/** A digest of a file. If the files themselves were compared, a difference would print megabytes of numbers. */
function digestOf(output: StageOutput | undefined, file: string): string {
  const data = output?.files[file];
  if (data === undefined) throw new Error(`There is no ${file}`);
  return createHash('sha256')
    .update(data instanceof Uint8Array ? data : JSON.stringify(data))
    .digest('hex');
}

const trained = ['stage1', 'stage2', 'haf', 'drop', 'blood', 'haf_attached', 'mfmf'];
type Outputs = Awaited<ReturnType<typeof trainAll>>;

describe('a test patient', () => {
  let plain: Outputs;
  let other: Outputs;
  beforeAll(async () => {
    plain = await trainAll(miniCohort(patients).inputs, 6);
    other = await trainAll(perturbed(firstTest, patients), 6);
  });

  it.each(trained)('influences neither weights nor history of %s', (stage) => {
    for (const file of ['weights.safetensors', 'history.json'])
      expect(digestOf(other[stage], file), file).toBe(digestOf(plain[stage], file));
  });

  it('was another one in this test', () => {
    for (const [stage, file] of [
      ['stage1', 'z.safetensors'],
      ['stage2', 'u.safetensors'],
      ['haf', 'predictions.json'],
      ['drop', 'predictions.json'],
      ['blood', 'predictions.json'],
      ['haf_attached', 'predictions.json'],
      ['mfmf', 'predictions.json'],
    ] as const)
      expect(digestOf(other[stage], file), stage).not.toBe(digestOf(plain[stage], file));
  });
});

describe('a validation patient', () => {
  let plain: Outputs;
  let other: Outputs;
  beforeAll(async () => {
    // With one epoch, validation patients cannot influence which weights are kept.
    plain = await trainAll(miniCohort(patients).inputs, 1);
    other = await trainAll(perturbed(firstVal, firstTest), 1);
  });

  it.each(trained)('is not trained on by %s', (stage) => {
    const [weights, history] = ['weights.safetensors', 'history.json'] as const;
    expect(digestOf(other[stage], weights)).toBe(digestOf(plain[stage], weights));
    expect(digestOf(other[stage], history), 'history').not.toBe(digestOf(plain[stage], history));
  });
});
