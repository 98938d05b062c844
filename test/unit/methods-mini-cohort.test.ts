import { beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { StageOutput } from '../../src/pipeline/stage.js';
import { joint } from '../../src/operators/joint/joint.js';
import { missingFor, modalitiesOf } from '../../src/operators/methods/method.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { paperMethodIds } from '../../src/operators/paper/paper-results.js';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { foldRobustnessSchema } from '../../src/operators/stage3/robustness-data.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import { miniCohort, miniConfig, ofModalities, type MiniInputs } from '../support/mini-cohort.js';
import { testAuc } from '../support/training-output.js';
import { slotsNamed } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';

const { base, embed, preprocess } = miniCohort().inputs;
const slots = slotsNamed(['TMA', 'Clin', 'Blood']);
const run = async (
  code: typeof stage1,
  unit: Parameters<typeof runStage>[1]['unit'],
  inputs: MiniInputs,
  changes: Partial<ConfigInput> = {},
): Promise<StageOutput> => {
  const config = { ...miniConfig, fusion: { ...miniConfig.fusion, projection: 16 }, ...changes };
  const method = unit?.method === undefined ? null : methodOf(unit.method);
  const given = { ...base, ...inputs };
  const own = method === null ? given : ofModalities(given, modalitiesOf(method, slots));
  return (await runStage(code, { config, unit: { fold: 0, ...unit }, inputs: own })).output;
};

const fusionMethods = paperMethodIds
  .map(methodOf)
  .filter(
    (method) =>
      method.kind === 'fusion' && missingFor(method, slots, { anchor: 'WSI', inTime: false }) === null,
  );
const idsOf = (aligned: boolean): string[] =>
  fusionMethods
    .filter((method) => method.kind === 'fusion' && (method.embedding !== 'projected') === aligned)
    .map(({ id }) => id)
    .filter((id) => !id.endsWith('_attached'));

describe('every method on a small cohort', () => {
  let encoded: MiniInputs;
  let aligned: MiniInputs;

  beforeAll(async () => {
    const { files } = await run(stage1, { modality: 'TMA' }, embed);
    encoded = { ...preprocess, stage1: [{ id: 'encoder', unit: { fold: 0, modality: 'TMA' }, files }] };
    const latent = await run(stage2, { alignment: 'svd' }, encoded);
    aligned = { ...preprocess, stage2: [{ id: 'aligned', files: latent.files }] };
  });

  const check = (output: StageOutput): void => {
    const found = testAuc(output);
    expect(found).toBeGreaterThan(0.8);
    const { drop, withoutOne, onlyOne } = foldRobustnessSchema.parse(output.files['robustness.json']);
    expect(drop[0]?.auc).toBeCloseTo(found ?? 0, 12);
    // At rho 1 all modalities are hidden, so all patients have the same score.
    expect(drop.at(-1)).toMatchObject({ rho: 1, auc: 0.5 });
    for (const scores of [withoutOne, onlyOne])
      expect(scores.map(({ modality }) => modality)).toEqual(['TMA', 'Clin', 'Blood']);
  };

  it.each(idsOf(true))('%s learns on aligned vectors', async (method) => {
    check(await run(stage3, { method }, aligned));
  });

  it.each(idsOf(false))('%s learns through its own maps', async (method) => {
    check(await run(stage3, { method }, encoded));
  });

  it.each(['mean', 'frozenConcat'] as const)('mdlm learns with combine %s', async (combine) => {
    check(await run(stage3, { method: 'mdlm' }, encoded, { mdlm: { combine } }));
  });

  it('mdlm with a frozen layer has image heads alone, and reads raw tables whatever their transfer', async () => {
    const changes = { mdlm: { combine: 'frozenConcat' as const } };
    const plain = await run(stage3, { method: 'mdlm' }, encoded, changes);
    const weights = readSafetensors(plain.files['weights.safetensors'] as Uint8Array);
    expect(Object.keys(weights)).toEqual([
      ...['projection.TMA.weight', 'projection.TMA.bias'],
      ...['mdlm.TMA.weight', 'mdlm.TMA.bias'],
    ]);
    const transfer = { tabular: { transfer: 'frozenRandom' as const } };
    expect((await run(stage3, { method: 'mdlm' }, encoded, { ...changes, ...transfer })).files).toEqual(
      plain.files,
    );
  });

  it.each(['all_mlp', 'ps3', 'bilinear', 'blood'])(
    '%s learns on tables behind frozen maps, which are not among its weights',
    async (method) => {
      const changes = { tabular: { transfer: 'frozenRandom' as const } };
      const output = await run(stage3, { method }, encoded, changes);
      expect(testAuc(output)).toBeGreaterThan(method === 'blood' ? 0.6 : 0.8);
      const names = Object.keys(readSafetensors(output.files['weights.safetensors'] as Uint8Array));
      expect(names.filter((name) => name.startsWith('projection.') && name.endsWith('.weight'))).toEqual(
        method === 'blood' ? [] : ['projection.TMA.weight'],
      );
    },
  );

  it.each(['trained', 'frozenRandom'] as const)(
    'mfmf learns from instances, projection %s',
    async (projection) => {
      const train = { ...miniConfig.train, lr: 0.002, epochs: 8 };
      const output = await run(
        joint,
        { method: 'mfmf' },
        { ...embed, ...preprocess },
        { train, mfmf: { projection } },
      );
      expect(testAuc(output)).toBeGreaterThan(0.8);
      const names = Object.keys(readSafetensors(output.files['weights.safetensors'] as Uint8Array));
      expect(names.includes('token.TMA.weight')).toBe(projection === 'trained');
    },
  );

  it('repeats every byte of mfmf and ps3 with the same seed', async () => {
    const train = { ...miniConfig.train, epochs: 2 };
    const mfmf = (): Promise<StageOutput> =>
      run(joint, { method: 'mfmf' }, { ...embed, ...preprocess }, { train, bag: { maxInstances: 4 } });
    expect((await mfmf()).files).toEqual((await mfmf()).files);
    const ps3 = (): Promise<StageOutput> => run(stage3, { method: 'ps3' }, encoded, { train });
    expect((await ps3()).files).toEqual((await ps3()).files);
  });
});
