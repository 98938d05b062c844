import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { surveyLines } from '../../src/pipeline/cli/inspect.js';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { type Survey, surveyCohort } from '../../src/pipeline/cli/survey.js';
import { npyBytes, npzBytes } from '../../src/operators/synthetic/npz-file.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { hancockFolder } from '../support/shared.js';

const targets = [
  'patient_id,survival_status,survival_status_with_cause,days_to_last_information',
  '001,living,living,10',
  '002,deceased,deceased,20',
  '003,living,living,30',
].join('\n');

function makeFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'haf-inspect-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

const experiment = (...set: readonly string[]): ReturnType<typeof loadConfig>['config'] =>
  loadConfig({ text: 'name: test\ncohort: { require: [] }', set }).config;

const survey = (files: Readonly<Record<string, string | Uint8Array>>, ...set: string[]): Promise<Survey> =>
  surveyCohort(experiment(...set), makeFolder(files));

describe('the survey of a cohort folder', () => {
  const clinical = 'patient_id,sex,age_at_initial_diagnosis\n1,0,61\n2,1,\n9,1,50\n';

  it('counts rows, cells and labelled patients by number of modalities', async () => {
    const npz = zipSync({
      'TumorCenter_HE_block1_x1_y2_patient001.npy': strToU8('x'),
      '003.npy': strToU8('y'),
    });
    const found = await survey(
      { 'targets.csv': targets, 'clinical.csv': clinical, 'tma/HE.npz': npz },
      'modalities=[TMA, Clin]',
    );
    expect(found.outcomes).toEqual({ file: 'targets.csv', living: 2, deceased: 1 });
    expect(found.tables).toEqual([
      { modality: 'Clin', file: 'clinical.csv', rows: 3, columns: 2, missingCells: 1 },
    ]);
    expect(found.features).toMatchObject([{ modality: 'TMA', files: 1, patients: 2, bytes: npz.length }]);
    expect(found.patientsByModalities).toEqual([0, 2, 1]);
    expect(found.findings).toEqual([]);
  });

  it('counts the patients of slides by those with a primary one', async () => {
    const names = ['x/PrimaryTumor_HE_001.h5', 'x/PrimaryTumor_HE_001_a.h5', 'LymphNode_HE_002.h5'];
    const slides = Object.fromEntries(names.map((name) => [`wsi/${name}`, '']));
    const found = await survey({ 'targets.csv': targets, ...slides }, 'modalities=[WSI]');
    expect(found.features).toMatchObject([{ files: 3, patients: 1 }]);
  });

  it('counts the patients of a file by its name, or by its arrays when it has several', async () => {
    const array = { shape: [1], data: Float32Array.of(1) };
    const files = {
      'tma/a_patient001.npy': npyBytes(array),
      'tma/b_patient002.safetensors': writeSafetensors({ features: array, coords: array }),
      'tma/CD8.safetensors': writeSafetensors({ '003': array, '001': array }),
      'tma/c_patient004.npz': npzBytes(new Map([['features', array]])),
      'tma/d_patient005.pt': zipSync({ 'archive/data.pkl': strToU8('x'), 'archive/data/7': strToU8('x') }),
    };
    const found = await survey(
      { 'targets.csv': targets, ...files },
      'modalities=[TMA]',
      'data.tma.files=tma/*.{npy,npz,pt,safetensors}',
    );
    expect(found.features).toMatchObject([{ files: 5, patients: 5 }]);
    expect(found.findings).toEqual([]);
  });

  it('names a feature file that is damaged and goes on with the others', async () => {
    const files = { 'tma/CD3.npz': 'no zip', 'tma/HE.npz': zipSync({ '001.npy': strToU8('x') }) };
    const found = await survey({ 'targets.csv': targets, ...files }, 'modalities=[TMA]');
    expect(found.features).toMatchObject([{ files: 2, patients: 1 }]);
    expect(found.findings[0]?.what).toMatch(/^tma\/CD3\.npz: /);
  });

  it('names what is missing, with feature files that lie elsewhere', async () => {
    const found = await survey({ 'tiles/HE.npz': '' }, 'modalities=[TMA, Clin]');
    expect(found.outcomes).toBeNull();
    expect(found.findings.map(({ modality, what }) => [modality, what])).toEqual([
      ['outcomes', 'No outcome table: none of targets.csv, target.csv.'],
      ['TMA', 'No file matches tma/*.{h5,npz}. Other feature files here: 1, such as tiles/HE.npz.'],
      ['Clin', 'No table clinical.csv.'],
    ]);
    expect(found.findings.every(({ fix }) => fix !== '')).toBe(true);
  });

  it('says which key takes the slides that lie where features were looked for', async () => {
    const found = await survey({ 'targets.csv': targets, 'slides/a_001.svs': '' }, 'modalities=[WSI]');
    expect(found.findings.map(({ fix }) => fix)).toEqual([
      expect.stringContaining('data.wsi.slides to a glob of the slides here (1), data.wsi.files'),
    ]);
  });

  it('shows the first faults of a table with their lines', async () => {
    const broken = 'patient_id,sex\n1,0\n1,1\nx,0\n3,7\n4,8\n';
    const found = await survey({ 'targets.csv': targets, 'clinical.csv': broken }, 'modalities=[Clin]');
    expect(found.findings).toHaveLength(1);
    expect(found.findings[0]?.what).toMatch(
      /^clinical\.csv: line 3: .*; line 4: .*; line 5: .*; and 1 more\.$/,
    );
  });

  it('refuses a folder that is not there', async () => {
    await expect(surveyCohort(experiment(), '/no/such/folder')).rejects.toMatchObject({ exitCode: 65 });
  });

  it('is printed as aligned columns', async () => {
    const found = await survey({ 'targets.csv': targets, 'clinical.csv': clinical }, 'modalities=[Clin]');
    const lines = surveyLines(found, paletteFor({}, {}, []));
    expect(lines).toContain('  Clin      clinical.csv     3        2              1');
    expect(lines).toContain('           1         2');
  });
});

describe.skipIf(hancockFolder === null)('the HANCOCK folder', () => {
  it('is counted as its own README counts it', async () => {
    const set = ['modalities=[TMA, Clin, Path, Blood, ICD, Cell]', 'data.tma.files=tma_tile_dtr_256_*.npz'];
    const found = await surveyCohort(experiment(...set), hancockFolder ?? '');
    expect(found.outcomes).toMatchObject({ living: 550, deceased: 213 });
    expect(found.tables.map(({ rows }) => rows)).toEqual([763, 763, 692, 712, 736]);
    expect(found.tables.map(({ missingCells }) => missingCells)).toEqual([24, 654, 0, 0, 130]);
    expect(found.features).toMatchObject([{ files: 8, patients: 760 }]);
    expect(found.findings).toEqual([]);
  });
});
