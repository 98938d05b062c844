import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { type Survey, surveyCohort } from '../../src/pipeline/cli/survey.js';
import { surveyLines } from '../../src/pipeline/cli/survey-text.js';
import { npyBytes, npzBytes } from '../../src/operators/synthetic/npz-file.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { hancockFolder } from '../support/shared.js';
import { sheetRow, textCell, workbookOf } from '../support/table-files.js';

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

/** Of each modality: name, number of files, number of patients, and number of patients with an outcome. */
const joined = ({ checks }: Survey): unknown =>
  checks?.joins.map(({ modality, files, patients, matched }) => [modality, files, patients, matched]);
/** Number of patients with the negative outcome, and with the positive outcome. */
const outcomes = ({ checks }: Survey): unknown =>
  [0, 1].map((y) => checks?.outcome.patients.filter((patient) => patient.y === y).length);
/** Numbers of rows, columns and missing cells of each table. */
const sizes = ({ checks }: Survey): unknown =>
  checks?.tables.map(({ table: { patients, columns, cells } }) => [
    ...[patients.length, columns.length, cells.filter((cell) => Number.isNaN(cell)).length],
  ]);
const instance = { shape: [2], data: Float32Array.of(1, 2) };
const arrays = (...names: readonly string[]): Uint8Array =>
  npzBytes(new Map(names.map((name) => [name, instance])));
const width = 'data.modalities.TMA.width=2';

describe('the survey of a cohort folder', () => {
  const clinical = 'patient_id,sex,age_at_initial_diagnosis\n1,0,61\n2,1,\n9,1,50\n';

  it('names tables with known patients that no modality uses, and no other file', async () => {
    const found = await survey(
      {
        'targets.csv': targets,
        'clinical.csv': clinical,
        'lab.csv': 'CASE;x\n001;1\n002;2\n777;3\n',
        'visits.csv': 'visit,CASE,day\n1,001,5\n2,001,9\n3,002,7\n',
        'other.csv': 'CASE;x\nA1;1\nA2;2\n',
        'notes.txt': 'Nothing, to see\nhere\n',
      },
      'modalities=[Clin]',
    );
    expect(found.unusedTables).toEqual([
      { table: 'lab.csv', column: 'CASE', patients: 2 },
      { table: 'visits.csv', column: 'CASE', patients: 2 },
    ]);
    const text = surveyLines(found, paletteFor(process.stdout, { NO_COLOR: '1' })).join('\n');
    expect(text).toMatch(/Tables that no modality uses\n.*\n +lab\.csv +CASE +2\n +visits\.csv +CASE +2\n/);
    expect(text).toContain('data.modalities.<name>: { kind: table, file: <table> }');
  });

  it('names the sheets of a used workbook that no modality uses', async () => {
    const head = sheetRow(1, textCell('patient_id'), textCell('x'));
    const rows = [2, 3, 4].map((row) => sheetRow(row, textCell(`00${row - 1}`), '<c><v>1</v></c>')).join('');
    const book = workbookOf({
      Blood: head + rows,
      Legend: sheetRow(1, textCell('words')),
      Urine: head + rows,
    });
    const declared = (name: string, sheet: string): string =>
      `data.modalities.${name}={kind: table, file: lab.xlsx, sheet: ${sheet}}`;
    const found = await survey(
      { 'targets.csv': targets, 'lab.xlsx': book },
      ...['modalities=[Blood]', declared('Blood', 'Blood')],
    );
    expect(found.findings).toEqual([]);
    expect(found.unusedTables).toEqual([
      { table: 'lab.xlsx, sheet "Urine"', column: 'patient_id', patients: 3 },
    ]);
    const both = await survey(
      { 'targets.csv': targets, 'lab.xlsx': book },
      ...['modalities=[Blood, Urine]', declared('Blood', 'Blood'), declared('Urine', 'Urine')],
    );
    expect(both.unusedTables).toEqual([]);
    const single = await survey(
      { 'targets.csv': targets, 'lab.xlsx': workbookOf({ Blood: head + rows }) },
      ...['modalities=[Blood]', declared('Blood', 'Blood')],
    );
    expect(single.unusedTables).toEqual([]);
  });

  it('counts rows, cells and labelled patients by number of modalities', async () => {
    const npz = arrays('TumorCenter_HE_block1_x1_y2_patient001', '003');
    const found = await survey(
      { 'targets.csv': targets, 'clinical.csv': clinical, 'tma/HE.npz': npz },
      ...['modalities=[TMA, Clin]', width],
    );
    expect(found.findings).toEqual([]);
    expect(found.checks?.outcome.words).toMatchObject({ positive: 'deceased', negative: 'living' });
    expect(outcomes(found)).toEqual([2, 1]);
    expect(joined(found)).toEqual([
      ['TMA', 1, 2, 2],
      ['Clin', 1, 3, 2],
    ]);
    expect(sizes(found)).toEqual([[3, 2, 1]]);
    // Unmatched ids: 009 has no outcome, 003 has no row in the table, and 002 has no cores.
    expect(
      found.checks?.joins.map(({ unmatched, lacking }) =>
        [unmatched, lacking].map((ids) => ids.map(({ id }) => id)),
      ),
    ).toEqual([
      [[], ['002']],
      [['009'], ['003']],
    ]);
    expect(found.checks?.patientsByModalities).toEqual([0, 2, 1]);
  });

  it('counts the patients of slides by those with a primary one', async () => {
    const names = ['x/PrimaryTumor_HE_001.npy', 'x/PrimaryTumor_HE_001_a.npy', 'LymphNode_HE_002.npy'];
    const slides = Object.fromEntries(
      names.map((name, i) => [`wsi/${name}`, npyBytes({ shape: [1, 2], data: Float32Array.of(i, 2) })]),
    );
    const found = await survey(
      { 'targets.csv': targets, ...slides },
      ...['modalities=[WSI]', 'data.modalities.WSI.files=wsi/**/*.npy', 'data.modalities.WSI.width=2'],
    );
    expect(joined(found)).toEqual([['WSI', 3, 1, 1]]);
    expect(found.findings).toEqual([]);
  });

  it('counts the patients of a file by its name, or by its arrays when it has several', async () => {
    const ids = ['001', '002', '003', '004', '005'];
    const outcomeOf = (id: string): string => (id === '003' ? 'deceased,deceased' : 'living,living');
    const five = [targets.split('\n')[0], ...ids.map((id) => `${id},${outcomeOf(id)},10`)].join('\n');
    const files = {
      'tma/a_patient001.npy': npyBytes({ shape: [1, 2], data: Float32Array.of(1, 2) }),
      'tma/b_patient002.safetensors': writeSafetensors({
        features: { shape: [1, 2], data: Float32Array.of(2, 3) },
      }),
      'tma/CD8.safetensors': writeSafetensors({ '003': instance, '001': instance }),
      'tma/c_patient004.npz': npzBytes(
        new Map([['features', { shape: [1, 2], data: Float32Array.of(4, 3) }]]),
      ),
      'tma/d_patient005.pt': zipSync({ 'archive/data.pkl': strToU8('x'), 'archive/data/7': strToU8('x') }),
    };
    const found = await survey(
      { 'targets.csv': five, ...files },
      ...['modalities=[TMA]', 'data.modalities.TMA.files=tma/*.{npy,npz,pt,safetensors}', width],
    );
    expect(joined(found)).toEqual([['TMA', 5, 5, 5]]);
    expect(found.findings).toEqual([]);
  });

  it('names a feature file that is damaged and goes on with the others', async () => {
    const files = { 'tma/CD3.npz': 'no zip', 'tma/HE.npz': arrays('001') };
    const found = await survey({ 'targets.csv': targets, ...files }, 'modalities=[TMA]', width);
    expect(joined(found)).toEqual([['TMA', 2, 1, 1]]);
    expect([
      ...found.findings.map(({ what }) => what),
      // Warnings about folds are left out: three patients are too few for ten folds. fold-sizes.test.ts tests them.
      ...(found.checks?.warnings ?? [])
        .filter(({ place }) => place !== 'cv.folds')
        .map(({ file, reason }) => `${file ?? ''}: ${reason}`),
    ]).toEqual([expect.stringMatching(/^tma\/CD3\.npz: /)]);
  });

  it('names all files that are missing', async () => {
    const found = await survey({ 'tma/HE.npz': arrays('001') }, 'modalities=[TMA, Clin]');
    expect(found.checks).toBeNull();
    expect(found.findings).toHaveLength(1);
    expect(found.findings[0]?.what).toMatch(/targets\.csv.*clinical\.csv/s);
    expect(found.findings[0]?.fix).not.toBe('');
  });

  it('names feature files that lie elsewhere than the glob says', async () => {
    const found = await survey(
      { 'targets.csv': targets, 'clinical.csv': clinical, 'tiles/HE.npz': arrays('001') },
      'modalities=[TMA, Clin]',
    );
    expect(found.findings.map(({ modality, what }) => [modality, what])).toEqual([
      ['TMA', expect.stringContaining('tma/*.{h5,npz}')],
      ['TMA', 'There are 1 feature files here, such as tiles/HE.npz.'],
    ]);
    expect(found.findings[1]?.fix).toContain('data.modalities.TMA.files');
  });

  it('says which key takes the slides that lie where features were looked for', async () => {
    const found = await survey({ 'targets.csv': targets, 'slides/a_001.svs': '' }, 'modalities=[WSI]');
    expect(found.findings.map(({ what, fix }) => `${what} ${fix}`)).toEqual([
      expect.stringContaining('wsi/**/*.h5'),
      expect.stringMatching(/1 slides here, such as slides\/a_001\.svs\..*data\.modalities\.WSI\.slides/),
    ]);
  });

  it('shows the faults of a table with their lines', async () => {
    const broken = 'patient_id,sex\n1,0\n1,1\nx,0\n3,7\n4,8\n';
    const found = await survey({ 'targets.csv': targets, 'clinical.csv': broken }, 'modalities=[Clin]');
    expect(found.findings).toHaveLength(1);
    for (const line of [3, 4]) expect(found.findings[0]?.what).toContain(`clinical.csv:${line} patient_id: `);
  });

  it('refuses a folder that is not there', async () => {
    await expect(surveyCohort(experiment(), '/no/such/folder')).rejects.toMatchObject({ exitCode: 65 });
  });

  it('is printed as aligned columns', async () => {
    const found = await survey({ 'targets.csv': targets, 'clinical.csv': clinical }, 'modalities=[Clin]');
    const lines = surveyLines(found, paletteFor({}, {}, []));
    expect(lines).toContain('  name  kind   from          files  patients  with outcome  outcome only');
    expect(lines).toContain('  Clin  table  clinical.csv      1         3             2             1');
    expect(lines).toContain('  Clin: 1 patients without outcome: "009" (closest: "003")');
    expect(lines).toContain('           1         2');
    expect(lines.join('\n')).toMatch(/survival_status +2 +1 +0/);
  });
});

describe.skipIf(hancockFolder === null)('the HANCOCK folder', () => {
  it('is counted as its own README counts it', async () => {
    const set = [
      ...[
        'modalities=[TMA, Clin, Path, Blood, ICD, Cell]',
        'data.modalities.TMA.files=tma_tile_dtr_256_*.npz',
      ],
      'data.modalities.TMA.width=256',
    ];
    const found = await surveyCohort(experiment(...set), hancockFolder ?? '');
    expect(found.findings).toEqual([]);
    expect(outcomes(found)).toEqual([550, 213]);
    expect((sizes(found) as number[][]).map(([rows]) => rows)).toEqual([763, 763, 692, 712, 736]);
    expect((sizes(found) as number[][]).map(([, , missing]) => missing)).toEqual([24, 654, 0, 0, 130]);
    expect(found.checks?.joins[0]).toMatchObject({ modality: 'TMA', files: 8, patients: 760 });
  });

  it('is refused with the width that its features do not have, as up refuses it', async () => {
    const set = ['modalities=[TMA, Clin]', 'data.modalities.TMA.files=tma_tile_dtr_256_*.npz'];
    const found = await surveyCohort(experiment(...set), hancockFolder ?? '');
    expect(found.findings.map(({ modality, fix }) => [modality, fix])).toEqual([
      ['TMA', expect.stringContaining('data.modalities.TMA.width')],
    ]);
  });
});
