import { beforeAll, describe, expect, it } from 'vitest';
import { hazardCriterion } from '../../src/operators/criteria/hazards.js';
import { bilinearHead } from '../../src/operators/heads/bilinear.js';
import { HeadTraining } from '../../src/operators/heads/head-training.js';
import type { HeadModule } from '../../src/operators/heads/head.js';
import { mdlmHead } from '../../src/operators/heads/mdlm.js';
import { mlpHead } from '../../src/operators/heads/mlp.js';
import { poolHead } from '../../src/operators/heads/pool.js';
import { ps3Head } from '../../src/operators/heads/ps3.js';
import { include, type Candidate } from '../../src/operators/cohort/inclusion.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { useBackend } from '../support/numeric-backends.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { tablesOf } from '../support/small-inputs.js';

const patients = 16;
const stream = rng(2, 'times');
const followUp = followUpOf(
  Array.from({ length: patients }, () => 50 + 2000 * stream.uniform()),
  Array.from({ length: patients }, (_, i) => (i % 4 === 0 ? 0 : 1)),
);
const group = [0, 3, 5, 11, 7, 2, 9, 14];
const judged = hazardCriterion(
  followUp,
  Array.from({ length: 12 }, (_, i) => i),
  { bins: 3, edges: null, censorCredit: 'half', monitor: 'valLoss' },
);
const inputs = tablesOf(['Clin', 'Blood', 'ICD'], patients, () => 5);
const config = resolvedConfig({ fusion: { hidden: 6, projection: 5, lambdaMoFe: 0.4 } });

const heads: Readonly<Record<string, HeadModule>> = {
  'the fusion network': mlpHead,
  'mean pooling': poolHead('mean'),
  PS3: ps3Head,
  MDLM: mdlmHead,
  'bilinear interaction': bilinearHead,
};

describe.each(Object.entries(heads))('%s with hazards', (name, module) => {
  beforeAll(() => useBackend('cpu'));
  const training = (parameters?: Float32Array): HeadTraining => {
    const head = module.create({
      ...{ inputs, projected: inputs.map(() => null), randomDrop: true, config },
      criterion: judged.criterion,
      rng: (purpose) => rng(5, purpose),
    });
    const start = initialParameters(head.layout, rng(4, 'init'));
    return new HeadTraining(head, parameters ?? start, inputs, judged, [12, 13, 14, 15]);
  };

  it('has a logit for each bin, and its loss has the slope of its gradient', async () => {
    const model = training();
    const rows = await model.outputs(group);
    expect(rows.map((row) => row.length)).toEqual(group.map(() => 3));
    const { gradient } = await model.step(group);
    const squared = gradient.reduce((sum, value) => sum + value * value, 0);
    expect(squared).toBeGreaterThan(0);
    const step = 2e-3 / Math.sqrt(squared);
    const lossAt = async (by: number): Promise<number> => {
      const moved = model.parameters.map((value, i) => value + by * (gradient[i] as number));
      return (await training(moved).step(group)).loss;
    };
    const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    expect(Math.abs(slope / squared - 1), name).toBeLessThan(1e-2);
  });

  it('validates by the loss and by C', async () => {
    const { loss, discrimination } = await training().validate();
    expect(loss).toBeGreaterThan(0);
    expect(discrimination === null || (discrimination >= 0 && discrimination <= 1)).toBe(true);
  });
});

describe('who belongs to a cohort in time', () => {
  const candidate = (id: string, followUpDays: number | null, cause: string | null = null): Candidate => ({
    patient: { id, y: 1, followUpDays },
    ...{ modalities: ['Clin'], hasAny: null, cause, site: null },
  });

  it('has a time above 0; the others are listed with the reason', () => {
    const { kept, problems } = include(
      [candidate('a', 10), candidate('b', null), candidate('c', 0)],
      { ...resolvedConfig().cohort, require: [] },
      true,
    );
    expect(kept.map(({ patient }) => patient.id)).toEqual(['a']);
    expect(problems.map(({ patient, reason }) => [patient, reason])).toEqual([
      ['b', 'The time of follow-up is unknown.'],
      ['c', 'The time of follow-up is 0: the patient was not followed.'],
    ]);
  });

  it('is censored at a death that is not of the tumour', () => {
    const { kept } = include(
      [
        candidate('a', 10, 'deceased tumor specific'),
        candidate('b', 10, 'deceased not tumor specific'),
        candidate('c', 10, 'deceased'),
      ],
      { ...resolvedConfig().cohort, require: [], event: 'tumorSpecific' },
      true,
    );
    expect(kept.map(({ patient }) => [patient.id, patient.y])).toEqual([
      ['a', 1],
      ['b', 0],
      ['c', 0],
    ]);
  });
});
