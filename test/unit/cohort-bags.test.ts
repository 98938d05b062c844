import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { embedded, joinCohort, places, tableOf, targetsOf } from '../support/join-cohort.js';

describe('bags', () => {
  const targets = targetsOf({ '001': 'l', '002': 'd' });
  const both = {
    modalities: ['WSI', 'TMA'],
    cohort: { require: [] },
  } as const satisfies Partial<ConfigInput>;
  const core = embedded('TMA', 'tma/CD3.npz', [
    ['001', 'CD3', 1],
    ['002', 'CD3', 1],
  ]);

  it('puts primary slides first, then sorts by file name', async () => {
    const { data } = await joinCohort(both, { targets, tables: {} }, [
      embedded('WSI', 'a/LymphNode_HE_001.h5', [['001', 'lymph', 2]]),
      embedded('WSI', 'z/PrimaryTumor_HE_001_a.h5', [['001', 'primary', 3]]),
      embedded('WSI', 'z/PrimaryTumor_HE_001.h5', [['001', 'primary', 5]]),
      core,
    ]);
    expect(data.patients[0]?.bags.WSI?.map(({ artifact, rows }) => [artifact, rows])).toEqual([
      ['artifact of z/PrimaryTumor_HE_001.h5', 5],
      ['artifact of z/PrimaryTumor_HE_001_a.h5', 3],
      ['artifact of a/LymphNode_HE_001.h5', 2],
    ]);
  });

  it('sorts cores by stain, then file, then place in the file', async () => {
    const { data } = await joinCohort(
      { modalities: ['TMA'], cohort: { require: [] } },
      { targets, tables: {} },
      [
        embedded('TMA', 'b/HE.npz', [
          ['002', 'HE', 7],
          ['001', 'HE', 1],
          ['001', 'HE', 2],
        ]),
        embedded('TMA', 'c/CD8.npz', [['001', 'CD8', 3]]),
        embedded('TMA', 'a/HE.npz', [['001', 'HE', 4]]),
        embedded('TMA', 'd/CD163.npz', [['001', 'CD163', 5]]),
      ],
    );
    expect(data.patients[0]?.bags.TMA).toEqual([
      { artifact: 'artifact of d/CD163.npz', start: 0, rows: 5 },
      { artifact: 'artifact of c/CD8.npz', start: 0, rows: 3 },
      { artifact: 'artifact of a/HE.npz', start: 0, rows: 4 },
      { artifact: 'artifact of b/HE.npz', start: 7, rows: 1 },
      { artifact: 'artifact of b/HE.npz', start: 8, rows: 2 },
    ]);
    expect(data.widths).toEqual({ TMA: 4 });
    expect(data.precisions).toEqual({ TMA: 'float32' });
  });

  it('needs a primary slide for WSI, and uses the sources of the config only', async () => {
    const slides = [
      embedded('WSI', 'LymphNode_HE_001.h5', [['001', 'lymph', 2]]),
      embedded('WSI', 'PrimaryTumor_HE_002.h5', [['002', 'primary', 3]]),
      embedded('WSI', 'LymphNode_HE_002.h5', [['002', 'lymph', 4]]),
      core,
    ];
    const all = await joinCohort(both, { targets, tables: {} }, slides);
    expect(all.data.patients.map(({ bags }) => bags.WSI?.map(({ rows }) => rows))).toEqual([
      undefined,
      [3, 4],
    ]);
    expect(places(all.problems, 'info')).toEqual([['001', 'WSI']]);

    const primary = await joinCohort(
      { ...both, data: { wsi: { sources: ['primary'] } } },
      { targets, tables: {} },
      slides,
    );
    expect(primary.data.patients.map(({ bags }) => bags.WSI?.map(({ rows }) => rows))).toEqual([
      undefined,
      [3],
    ]);
    expect(primary.problems.map(({ patient, file }) => [patient, file])).toEqual([
      ['001', 'LymphNode_HE_001.h5'],
      ['002', 'LymphNode_HE_002.h5'],
    ]);
  });

  it('takes a bag without rows as a missing modality and says so', async () => {
    const { data, problems, flow } = await joinCohort(
      { modalities: ['TMA', 'Clin'], cohort: { require: ['TMA'] } },
      {
        targets: targetsOf({ '001': 'l', '002': 'd', '003': 'l' }),
        tables: { Clin: tableOf({ '001': 1, '002': 1, '003': 1 }) },
      },
      [
        embedded('TMA', 'CD3.npz', [
          ['001', 'CD3', 1],
          ['002', 'CD3', 2],
          ['003', 'CD3', 0],
        ]),
      ],
    );
    expect(data.patients.map(({ id }) => id)).toEqual(['001', '002']);
    expect(places(problems, 'warning')).toEqual([['003', 'TMA']]);
    expect(flow.map(({ step, patients }) => [step, patients])).toEqual([
      ['labelled', 3],
      ['with TMA', 2],
      ['with any modality', 2],
      ['cohort', 2],
    ]);
  });

  it('refuses instances of different length within a modality, naming two files', async () => {
    await expect(
      joinCohort({ modalities: ['TMA'], cohort: { require: [] } }, { targets, tables: {} }, [
        core,
        embedded('TMA', 'tma/HE.npz', [['001', 'HE', 1]], 8),
      ]),
    ).rejects.toMatchObject({
      code: 'HAF_FEATURES_INVALID',
      context: { files: ['tma/CD3.npz', 'tma/HE.npz'] },
    });
  });

  it('ignores feature files of a modality the experiment does not use', async () => {
    const { data } = await joinCohort(
      { modalities: ['Clin'], cohort: { require: [] } },
      { targets, tables: { Clin: tableOf({ '001': 1, '002': 1 }) } },
      [core],
    );
    expect(data.patients.map(({ bags }) => bags)).toEqual([{}, {}]);
    expect(data.widths).toEqual({});
  });
});
