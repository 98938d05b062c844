import { describe, expect, it } from 'vitest';
import type { Unit } from '../../src/pipeline/stage.js';
import type { MadeArtifact } from '../support/invented-cohort.js';
import {
  embedded,
  joinCohort,
  outcomesOf,
  places,
  tableOf,
  type EmbeddedMore,
} from '../support/join-cohort.js';
import type { Changes } from '../support/resolved-config.js';

describe('bags', () => {
  const outcomes = outcomesOf({ '001': 'l', '002': 'd' });
  const both = {
    modalities: ['WSI', 'TMA'],
    cohort: { require: [] },
  } as const satisfies Changes;
  const core = embedded('TMA', 'tma/CD3.npz', [
    ['001', 'CD3', 1],
    ['002', 'CD3', 1],
  ]);

  it('puts primary slides first, then sorts by file name', async () => {
    const { data } = await joinCohort(both, { outcomes }, [
      embedded('WSI', 'a/LymphNode_HE_001.h5', [['001', 'lymph', 2]]),
      embedded('WSI', 'z/PrimaryTumor_HE_001_a.h5', [['001', 'primary', 3]]),
      embedded('WSI', 'z/PrimaryTumor_HE_001.h5', [['001', 'primary', 5]]),
      core,
    ]);
    expect(data.patients[0]?.bags['WSI']?.map(({ artifact, rows }) => [artifact, rows])).toEqual([
      ['artifact of z/PrimaryTumor_HE_001.h5', 5],
      ['artifact of z/PrimaryTumor_HE_001_a.h5', 3],
      ['artifact of a/LymphNode_HE_001.h5', 2],
    ]);
  });

  it('sorts cores by stain, then file, then place in the file', async () => {
    const { data } = await joinCohort({ modalities: ['TMA'], cohort: { require: [] } }, { outcomes }, [
      embedded('TMA', 'b/HE.npz', [
        ['002', 'HE', 7],
        ['001', 'HE', 1],
        ['001', 'HE', 2],
      ]),
      embedded('TMA', 'c/CD8.npz', [['001', 'CD8', 3]]),
      embedded('TMA', 'a/HE.npz', [['001', 'HE', 4]]),
      embedded('TMA', 'd/CD163.npz', [['001', 'CD163', 5]]),
    ]);
    expect(data.patients[0]?.bags['TMA']).toEqual([
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
    const all = await joinCohort(both, { outcomes }, slides);
    expect(all.data.patients.map(({ bags }) => bags['WSI']?.map(({ rows }) => rows))).toEqual([
      undefined,
      [3, 4],
    ]);
    expect(places(all.problems, 'info')).toEqual([['001', 'WSI']]);

    const primary = await joinCohort(
      { ...both, data: { modalities: { WSI: { sources: ['primary'] } } } },
      { outcomes },
      slides,
    );
    expect(primary.data.patients.map(({ bags }) => bags['WSI']?.map(({ rows }) => rows))).toEqual([
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
        outcomes: outcomesOf({ '001': 'l', '002': 'd', '003': 'l' }),
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
      joinCohort({ modalities: ['TMA'], cohort: { require: [] } }, { outcomes }, [
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
      { outcomes, tables: { Clin: tableOf({ '001': 1, '002': 1 }) } },
      [core],
    );
    expect(data.patients.map(({ bags }) => bags)).toEqual([{}, {}]);
    expect(data.widths).toEqual({});
  });
});

describe('bags of images', () => {
  const outcomes = outcomesOf({ '001': 'l', '002': 'd', '003': 'l' });
  const config = {
    modalities: ['WSI', 'TMA'],
    cohort: { require: [] },
  } as const satisfies Changes;
  const coresOf = (patient: string) =>
    embedded(
      'TMA',
      `cores of ${patient}`,
      [
        [patient, 'CD3', 2],
        [patient, 'HE', 3],
      ],
      4,
      { unit: { patient, encoder: 'onnx' } },
    );
  const slide = (name: string, patient: string, more: EmbeddedMore = {}) =>
    embedded('WSI', name, [[patient, 'primary', 5]], 4, { unit: { encoder: 'onnx' }, ...more });
  const slides = [slide('s/1.svs', '001'), slide('s/2.svs', '002')];
  const join = (embed: readonly MadeArtifact[]) => joinCohort(config, { outcomes }, embed);

  it('takes the cores of a patient from one artifact', async () => {
    const { data, problems } = await join([...slides, coresOf('001'), coresOf('002')]);
    expect(data.patients[0]?.bags['TMA']).toEqual([
      { artifact: 'artifact of cores of 001', start: 0, rows: 2 },
      { artifact: 'artifact of cores of 001', start: 2, rows: 3 },
    ]);
    expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('names the core, not a file, that gave nothing', async () => {
    const empty = embedded('TMA', 'cores', [['001', 'CD3', 0]], 4, {
      ...{ image: 'core_a', unit: { patient: '001', encoder: 'onnx' } },
    });
    const { problems } = await join([...slides, coresOf('002'), empty]);
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: 'warning', patient: '001', file: null, place: 'core_a' }),
    );
  });

  it('points to the modality that nobody has', async () => {
    await expect(join([slide('s/1.svs', '999'), coresOf('001'), coresOf('002')])).rejects.toMatchObject({
      code: 'HAF_MODALITY_EMPTY',
      context: { modality: 'WSI', key: 'data.modalities.WSI' },
      fix: expect.stringContaining('its files hold instances') as string,
    });
    await expect(join(slides)).rejects.toMatchObject({
      context: { modality: 'TMA', key: 'data.modalities.TMA' },
    });
  });
});

describe('slides that do not go together', () => {
  const outcomes = outcomesOf({ '001': 'l', '002': 'd', '003': 'l', '004': 'd' });
  const config = { modalities: ['WSI'], cohort: { require: [] } } as const satisfies Changes;
  const slide = (name: string, patient: string, more: EmbeddedMore = {}) =>
    embedded('WSI', name, [[patient, 'primary', 5]], 4, more);
  const join = (embed: readonly MadeArtifact[]) => joinCohort(config, { outcomes }, embed);
  const images = { unit: { encoder: 'onnx' } } as const;

  it('are both left out when two files have one id, with both paths', async () => {
    const { data, problems } = await join([
      slide('h5_files/one.h5', '001', { image: 'one' }),
      slide('pt_files/one.pt', '001', { image: 'one' }),
      slide('h5_files/other.h5', '001', { image: 'other' }),
      slide('h5_files/one_of_2.h5', '002', { image: 'one' }),
    ]);
    expect(data.patients.map(({ bags }) => bags['WSI']?.map(({ artifact }) => artifact))).toEqual([
      ['artifact of h5_files/other.h5'],
      ['artifact of h5_files/one_of_2.h5'],
    ]);
    expect(problems.filter(({ severity }) => severity === 'failure')).toEqual([
      {
        ...{ severity: 'failure', stage: 'cohort', patient: '001', file: 'h5_files/one.h5', place: 'WSI' },
        reason: 'Two images with one id, "one": h5_files/one.h5 and pt_files/one.pt. None of them is used.',
        fix: 'Narrow data.modalities.WSI.files so that it matches one of them; equal names in h5_files and pt_files are the usual cause.',
      },
    ]);
  });

  it('are two core images of one name in different folders, which are one artifact', async () => {
    const cores = (unit: Partial<Unit>) =>
      embedded(
        'TMA',
        'a core',
        [
          ['001', 'HE', 1],
          ['001', 'HE', 1],
          ['001', 'CD3', 1],
          ['002', 'HE', 1],
        ],
        4,
        { unit, image: 'core' },
      );
    const joined = (unit: Partial<Unit>) =>
      joinCohort({ modalities: ['TMA'], cohort: { require: [] } }, { outcomes }, [cores(unit)]);
    const { data, problems } = await joined({ patient: '001', encoder: 'onnx' });
    expect(data.patients[0]?.bags['TMA']).toEqual([{ artifact: 'artifact of a core', start: 2, rows: 1 }]);
    expect(problems.filter(({ severity }) => severity === 'failure')).toMatchObject([
      { patient: '001', reason: expect.stringMatching(/^Two images with one id, "core"/) as string },
    ]);
    // In a feature file of a patient, several groups (bags) may have the same stain. All of them are used.
    expect((await joined({})).data.patients[0]?.bags['TMA']).toHaveLength(3);
  });

  it('of two scales as common as one another: the one that more slides have exactly', async () => {
    const at = (mpp: number) => ({ ...images, mpp });
    const { data } = await join([
      slide('a.svs', '001', at(0.25)),
      slide('b.svs', '002', at(0.26)),
      slide('c.svs', '003', at(0.5)),
      slide('d.svs', '004', at(0.5)),
    ]);
    expect(data.patients.map(({ id }) => id)).toEqual(['003', '004']);
  });

  it('are the slides of another magnification, each with its scale and the common one', async () => {
    const at = (mpp: number) => ({ ...images, mpp });
    const { data, problems } = await join([
      slide('a.svs', '001', at(0.2525)),
      slide('b.svs', '002', at(0.25)),
      slide('c.svs', '003', at(0.499)),
      slide('d.svs', '004', images),
    ]);
    expect(data.patients.map(({ id }) => id)).toEqual(['001', '002', '004']);
    expect(problems.filter(({ severity }) => severity !== 'info')).toMatchObject([
      {
        ...{ severity: 'failure', patient: '003', file: 'c.svs' },
        reason:
          'Its tiles have 0.499 micrometres per pixel, the most common of WSI is 0.25, so it is not used.',
        fix: 'Set tile.mpp: 0.499 to tile all slides at one physical size, or take the slide out of data.modalities.WSI.slides.',
      },
      {
        severity: 'warning',
        patient: '004',
        file: 'd.svs',
        fix: 'Give its mpp in data.modalities.WSI.slideTable.',
      },
    ]);
  });

  it('may differ by a fifth of the common scale, and the finer of equally common scales stays', async () => {
    const scaled = async (...all: readonly number[]): Promise<string[]> => {
      const { data } = await join(all.map((mpp, i) => slide(`${i}.h5`, `00${i + 1}`, { mpp })));
      return data.patients.map(({ id }) => id);
    };
    expect(await scaled(0.25, 0.3, 0.25)).toEqual(['001', '002', '003']);
    expect(await scaled(0.25, 0.301, 0.25, 0.25)).toEqual(['001', '003', '004']);
    expect(await scaled(0.5, 0.5, 0.25, 0.25)).toEqual(['003', '004']);
    expect(await scaled(0.25, 0.25, 0.5, 0.5)).toEqual(['001', '002']);
  });

  it('are no trouble when nobody says the scale', async () => {
    const { problems } = await join([slide('a.svs', '001', images), slide('b.svs', '002', images)]);
    expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('are refused when their features come from two encoders', async () => {
    await expect(
      join([
        slide('a.h5', '001', { encoder: 'uni_v1' }),
        slide('b.h5', '002'),
        slide('c.h5', '003', { encoder: 'ctranspath' }),
      ]),
    ).rejects.toMatchObject({
      code: 'HAF_FEATURES_INVALID',
      what: 'WSI features come from different encoders: a.h5 from "uni_v1", c.h5 from "ctranspath".',
      context: { files: ['a.h5', 'c.h5'] },
    });
  });

  it('of a source that is not wanted count for nothing', async () => {
    const lymph = (name: string, patient: string, mpp: number) =>
      embedded('WSI', name, [[patient, 'lymph', 5]], 4, { mpp });
    const { data, problems } = await joinCohort(
      { ...config, data: { modalities: { WSI: { sources: ['primary'] } } } },
      { outcomes },
      [
        slide('a.h5', '001', { mpp: 0.5 }),
        slide('b.h5', '002', { mpp: 0.5 }),
        ...['001', '002', '003'].map((patient) => lymph(`${patient}.h5`, patient, 0.25)),
      ],
    );
    expect(data.patients.map(({ id }) => id)).toEqual(['001', '002']);
    expect(problems.filter(({ severity }) => severity === 'failure')).toEqual([]);
  });
});
