import { describe, expect, it } from 'vitest';
import { bags } from '../../src/operators/cohort/bags.js';
import {
  patientBagsFile,
  patientBagsSchema,
  type PatientBags,
} from '../../src/operators/cohort/cohort-data.js';
import { embed } from '../../src/operators/encoders/embed.js';
import { bagIndexFile, bagIndexSchema, type BagIndex } from '../../src/operators/features/bag-index.js';
import { npyBytes, npzBytes } from '../../src/operators/synthetic/npz-file.js';
import { bagsOf } from '../../src/pipeline/sources/bag-files.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { scratchFile } from '../support/embed-file.js';
import type { MadeArtifact } from '../support/invented-cohort.js';
import { embedded, outcomeArtifact, places } from '../support/join-cohort.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';

const width = 2;

/** An experiment with `layout: own` and one bag modality. `patient` is the rule by which its files name patients. */
const own = (patient: object | null): Changes => ({
  modalities: ['Slides'],
  data: {
    layout: 'own',
    outcome: { file: 'clini.csv', event: { column: 'DEAD', positive: [1], negative: [0] } },
    modalities: { Slides: { kind: 'bag', files: '*', width, patient } },
  },
});
const byPattern = { pattern: '^(?<patient>P\\d+)_S\\d+$' };

/** The bags of one file, with the unit that planning gives it. */
async function indexOf(
  config: Changes,
  name: string,
  bytes: Uint8Array,
): Promise<{ readonly index: BagIndex; readonly problems: readonly Problem[] }> {
  const [job] = await bagsOf(resolvedConfig(config), '', 'Slides', 'features', [name]);
  const { output } = await runStage(embed, {
    config,
    unit: job?.unit ?? {},
    sources: [{ role: 'features', name, path: scratchFile(name, bytes), sha256: '' }],
  });
  return { index: bagIndexSchema.parse(output.files[bagIndexFile]), problems: output.problems ?? [] };
}

const rows = (count: number): { shape: number[]; data: Float32Array } => ({
  shape: [count, width],
  data: Float32Array.from({ length: count * width }, (_, i) => i),
});
const npz = (arrays: Readonly<Record<string, number>>): Uint8Array =>
  npzBytes(new Map(Object.entries(arrays).map(([key, count]) => [key, rows(count)])));

describe('feature files of an own cohort', () => {
  it('are of the patient that planning found, and have no source', async () => {
    const { index, problems } = await indexOf(own(byPattern), 'P012_S3.npy', npyBytes(rows(3)));
    expect(index.bags).toMatchObject([{ patient: 'P012', source: '', image: 'P012_S3', rows: 3 }]);
    expect(problems).toEqual([]);
  });

  it('never take a stain or "LymphNode" in a name for a source', async () => {
    for (const name of ['CD3_HE_1', 'LymphNode_HE_1']) {
      const { index } = await indexOf(own(null), `${name}.npy`, npyBytes(rows(1)));
      expect(index.bags).toMatchObject([{ patient: name, source: '' }]);
    }
  });

  it('with several arrays have a bag for each, of the patient in its key', async () => {
    const { index, problems } = await indexOf(
      own(byPattern),
      'all.npz',
      npz({ P001_S1: 2, P002_S1: 1, scan: 4 }),
    );
    expect(index.bags.map(({ patient, image, rows: count }) => [patient, image, count])).toEqual([
      ['P001', 'all/P001_S1', 2],
      ['P002', 'all/P002_S1', 1],
    ]);
    expect(problems).toMatchObject([
      { severity: 'failure', place: 'scan', reason: 'the key holds no patient id' },
    ]);
  });

  it('take the whole key for the id where nothing else is said', async () => {
    const { index } = await indexOf(own(null), 'all.npz', npz({ '7': 1, '007': 2 }));
    expect(index.bags.map(({ patient }) => patient)).toEqual(['007', '7']);
  });
});

describe('bags of an own cohort', () => {
  const outcome = outcomeArtifact(['P1', 'P2'].map((id) => ({ id, y: 1, cause: null, followUpDays: null })));
  const joined = async (
    embeds: readonly MadeArtifact[],
  ): Promise<{ readonly bags: PatientBags; readonly problems: readonly Problem[] }> => {
    const { output } = await runStage(bags, {
      config: own(byPattern),
      unit: { modality: 'Slides' },
      inputs: { outcome: [outcome], embed: embeds },
    });
    return { bags: patientBagsSchema.parse(output.files[patientBagsFile]), problems: output.problems ?? [] };
  };

  it('are the files of a patient by name; no slide has to be a primary one', async () => {
    const { bags: found, problems } = await joined([
      embedded('Slides', 'b/P1_S2.h5', [['P1', '', 2]]),
      embedded('Slides', 'a/P1_S9.h5', [['P1', '', 3]]),
      embedded('Slides', 'P2_S1.h5', [['P2', '', 1]]),
    ]);
    expect(found).toMatchObject({ width: 4, precision: 'float32' });
    expect(
      Object.fromEntries(Object.entries(found.patients).map(([id, own]) => [id, own.map((one) => one.rows)])),
    ).toEqual({
      P1: [3, 2],
      P2: [1],
    });
    expect(problems).toEqual([]);
  });

  it('keep ids apart that HANCOCK would take for one', async () => {
    const { bags: found } = await joined([
      embedded('Slides', '7.h5', [['7', '', 1]]),
      embedded('Slides', '007.h5', [['007', '', 2]]),
    ]);
    expect(Object.keys(found.patients).sort()).toEqual(['007', '7']);
  });

  it('warn of a patient without an outcome, and of a bag of nobody by the key to correct', async () => {
    const { bags: found, problems } = await joined([
      embedded('Slides', 'P1_S1.h5', [['P1', '', 1]]),
      embedded('Slides', 'P9_S1.h5', [['P9', '', 1]]),
      embedded('Slides', 'scan.h5', [[null, '', 1]]),
    ]);
    expect(Object.keys(found.patients)).toEqual(['P1', 'P9']);
    expect(places(problems, 'warning')).toEqual([['P9', 'Slides']]);
    expect(problems.filter(({ severity }) => severity === 'failure')).toMatchObject([
      { file: 'scan.h5', fix: expect.stringContaining('data.modalities.Slides.patient') as string },
    ]);
  });

  it('are none when no file could be read', async () => {
    expect((await joined([])).bags).toEqual({ width: null, precision: null, patients: {} });
  });
});
