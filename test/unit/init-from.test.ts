import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { patternsFor, shapeOfIds } from '../../src/operators/survey/name-rules.js';
import { init } from '../../src/pipeline/cli/init.js';
import { surveyCohort } from '../../src/pipeline/cli/survey.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import type { Config } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { removeMadeCohorts, type MadeCohort } from '../support/made-cohort.js';
import {
  accessionNumbers,
  composedAndDecomposed,
  fiftyModalities,
  idColumnsOfManyNames,
  leadingZeros,
  oneBag,
  oneTable,
  patientSlideNames,
  slideTable,
  tcgaBarcodes,
  yearsInIds,
} from '../support/own-cohorts.js';
import { cohortsFolder, hancockFolder } from '../support/shared.js';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'haf-init-from-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  removeMadeCohorts();
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

let told = '';
beforeEach(() => {
  told = '';
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

interface Written {
  readonly config: Config;
  readonly text: string;
  /** The reasons for which `inspect` refuses the cohort. */
  readonly refused: readonly string[];
}

/** Writes the experiment for a folder, then inspects the folder with this experiment, as `inspect` does. */
async function written(root: string): Promise<Written> {
  const out = folder();
  await init(out, { from: root });
  const file = join(out, 'experiment.yaml');
  const { config, dataRoot } = loadConfig({ file });
  const { findings, checks } = await surveyCohort(config, dataRoot ?? '');
  return {
    config,
    text: readFileSync(file, 'utf8'),
    refused: [...findings.map(({ what }) => what), ...(checks?.refusals ?? []).map(({ what }) => what)],
  };
}

/** A folder with these text files. */
function filesIn(files: Readonly<Record<string, string>>): string {
  const root = folder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

/**
 * The text of a CSV table of 24 patients: `header`, then for each patient the id and the other cells, which `row`
 * makes.
 */
const table = (
  header: string,
  row: (n: number) => string,
  id = (n: number): string => `P-${n + 100}`,
): string => [header, ...Array.from({ length: 24 }, (_, n) => `${id(n)},${row(n)}`), ''].join('\n');
const age = (n: number): number => 40 + ((n * 7) % 23);

describe('init --from with names as people choose them', () => {
  const cohorts: readonly (readonly [string, () => Promise<MadeCohort>, object | null])[] = [
    ['barcodes of TCGA', tcgaBarcodes, { pattern: String.raw`^(?<patient>TCGA-\w\w-\w{4})` }],
    ['P001_S1', patientSlideNames, { pattern: String.raw`^(?<patient>P\d{3})(?![0-9A-Za-z])` }],
    ['accession numbers of 18 digits', accessionNumbers, null],
    ['years in ids, bags in one file', yearsInIds, null],
    ['leading zeros', leadingZeros, null],
    ['accents in two spellings', composedAndDecomposed, null],
    ['a slide table', slideTable, { table: 'slides.csv', file: 'FILENAME', id: null }],
    ['one bag and the outcome', oneBag, null],
  ];
  it.each(cohorts)('%s', async (_, make, patient) => {
    const cohort = await make();
    const { config, refused } = await written(cohort.root);
    expect(refused).toEqual([]);
    expect(config.data.patients.id).toBe('PATIENT');
    expect(config.data.outcome).toMatchObject({
      file: 'clini.csv',
      event: { column: 'STATUS', positive: ['dead'], negative: ['alive'] },
    });
    const bags = Object.values(config.data.modalities).filter(({ kind }) => kind === 'bag');
    expect(bags).toHaveLength(1);
    expect(bags[0]).toMatchObject({ width: 6, patient });
  });

  it('lists the names of the id column', async () => {
    const { config, refused } = await written((await idColumnsOfManyNames()).root);
    expect(refused).toEqual([]);
    expect(config.data.patients.id).toEqual(['PATIENT', 'Sample ID', 'case']);
    expect(Object.keys(config.data.modalities)).toEqual(['Clini', 'Lab', 'RNA']);
  });

  it('one table: the outcome and the findings are in the same file', async () => {
    const { config, refused } = await written((await oneTable()).root);
    expect(refused).toEqual([]);
    expect(config.methods).toEqual(['table-Clini', 'ridge']);
    expect(config.data.modalities.Clini).toMatchObject({ columns: { AGE: 'numeric', STATUS: 'ignore' } });
  });

  it('forty tables, and ten files of one folder, which are one bag', async () => {
    const { config, refused } = await written((await fiftyModalities()).root);
    expect(refused).toEqual([]);
    expect(Object.keys(config.data.modalities)).toHaveLength(42);
  });
});

describe('init --from with tables as people keep them', () => {
  it('takes names of columns with any signs', async () => {
    const names = [
      'a: b',
      '[x]',
      '# c',
      "it's",
      '{d}',
      'yes',
      '- e',
      '*f',
      '"g"',
      'h, i',
      '!j',
      '&k',
      '%l',
      '@m',
      '1',
      '?',
    ];
    const cells = (n: number): string => names.map((_, at) => (n * (at + 3) + 0.5) % 11).join(',');
    const header = ['ID', ...names.map((name) => `"${name.replaceAll('"', '""')}"`), 'STATUS'].join(',');
    const root = filesIn({ 'c.csv': table(header, (n) => `${cells(n)},${n % 3 === 0 ? 'dead' : 'alive'}`) });
    const { config, refused } = await written(root);
    expect(refused).toEqual([]);
    const declared = config.data.modalities.C;
    expect(Object.keys(declared?.kind === 'table' ? declared.columns : {}).sort()).toEqual(
      [...names, 'STATUS'].sort(),
    );
  });

  it('writes a second outcome as a comment that can be taken instead', async () => {
    const header = 'PATIENT,AGE,PFS_STATUS,PFS_MONTHS,OS_STATUS,OS_MONTHS';
    const row = (n: number): string =>
      `${age(n)},${n % 2 === 0 ? '1:PROGRESSION' : '0:CENSORED'},${n + 2.5},${n % 3 === 0 ? '1:DECEASED' : '0:LIVING'},${n + 5.5}`;
    const { config, text, refused } = await written(filesIn({ 'clinical.csv': table(header, row) }));
    expect(refused).toEqual([]);
    expect(config.data.outcome).toMatchObject({
      event: { column: 'OS_STATUS', positive: ['1:DECEASED'], negative: ['0:LIVING'] },
      time: { column: 'OS_MONTHS', unit: 'months' },
    });
    expect(told).toContain('"OS_STATUS" was taken as the outcome; "PFS_STATUS" may be it as well');

    const lines = text.split('\n');
    const [start, other, end] = [
      lines.indexOf('  outcome:'),
      lines.findIndex((line) => line.includes('Another column')),
      lines.indexOf('  modalities:'),
    ];
    const swapped = [
      ...lines.slice(0, start),
      ...lines.slice(other + 1, end).map((line) => line.replace(/^ {2}# /, '  ')),
      ...lines.slice(end),
    ].join('\n');
    const { data } = loadConfig({ text: swapped }).config;
    expect(data.outcome).toMatchObject({
      event: { column: 'PFS_STATUS', positive: ['1:PROGRESSION'], negative: ['0:CENSORED'] },
      time: { column: 'PFS_MONTHS' },
    });
    expect(data.modalities.Clinical).toMatchObject({
      columns: { OS_STATUS: 'ignore', PFS_STATUS: 'ignore' },
    });
  });

  it('leaves out what tells the outcome or is no finding, and says why', async () => {
    const dead = (n: number): boolean => n % 3 === 0;
    const header = 'case,AGE,died,note,visit,cause,site';
    const row = (n: number): string =>
      `${age(n)},${dead(n) ? 'yes' : 'no'},text ${n},2019-01-${10 + n},${dead(n) ? (n % 2 === 0 ? 'tumour' : 'heart') : 'none'},${'abc'[((n * 5) % 7) % 3] ?? ''}`;
    const { config, text, refused } = await written(filesIn({ 'clinical.csv': table(header, row) }));
    expect(refused).toEqual([]);
    expect(config.data.modalities.Clinical).toMatchObject({
      columns: {
        AGE: 'numeric',
        site: 'nominal',
        died: 'ignore',
        note: 'ignore',
        visit: 'ignore',
        cause: 'ignore',
      },
    });
    expect(text).toMatch(/cause: ignore # separates the outcome by itself/);
    expect(text).toMatch(/note: ignore # is different for every patient: an identifier\?/);
  });

  it('says what is a guess: codes 1 and 2, and a time without a unit', async () => {
    const { config } = await written(
      filesIn({
        'lung.csv': table('id,age,status,time', (n) => `${age(n)},${n % 3 === 0 ? 2 : 1},${n * 40 + 5}`),
      }),
    );
    expect(config.data.outcome.event).toMatchObject({ positive: ['2'], negative: ['1'] });
    expect(config.data.outcome.time).toEqual({ column: 'time', unit: 'days' });
    expect(told).toContain('2 as the event');
    expect(told).toContain('no word says the unit of "time"');
  });

  it('a folder without an outcome gets a file to fill in', async () => {
    const out = folder();
    await init(out, { from: filesIn({ 'lab.csv': table('PATIENT,a,b', (n) => `${age(n)},${n / 7}`) }) });
    expect(readFileSync(join(out, 'experiment.yaml'), 'utf8')).toContain('# outcome:');
    expect(told).toContain('no column looks like one');
  });

  it('tables of several rows per patient and of one column per patient are told, not used', async () => {
    const ids = Array.from({ length: 24 }, (_, n) => `P-${n + 100}`);
    const { config, text, refused } = await written(
      filesIn({
        'clini.csv': table('PATIENT,AGE,STATUS', (n) => `${age(n)},${n % 3 === 0 ? 'dead' : 'alive'}`),
        'visits.csv': ['PATIENT,weight', ...ids.flatMap((id) => [`${id},70`, `${id},71`]), ''].join('\n'),
        'genes.csv': [
          ['gene', ...ids].join(','),
          ...['A', 'B'].map((gene) => [gene, ...ids.map(() => '0.5')].join(',')),
          '',
        ].join('\n'),
      }),
    );
    expect(refused).toEqual([]);
    expect(Object.keys(config.data.modalities)).toEqual(['Clini']);
    expect(text).toContain('visits.csv: column "PATIENT" holds ids, but one patient has up to 2 rows');
    expect(text).toContain('genes.csv: the ids are in the header');
  });

  it('a wide table is not listed column by column', async () => {
    const genes = Array.from({ length: 2600 }, (_, i) => `G${i}`);
    const random = rng(1, 'init-from');
    const { config, refused } = await written(
      filesIn({
        'clini.csv': table('PATIENT,AGE,STATUS', (n) => `${age(n)},${n % 3 === 0 ? 'dead' : 'alive'}`),
        'rna.csv': table(['PATIENT', ...genes].join(','), () =>
          genes.map(() => random.normal().toFixed(3)).join(','),
        ),
      }),
    );
    expect(refused.filter((what) => !what.includes('separates'))).toEqual([]);
    expect(config.data.modalities.RNA).toMatchObject({
      others: 'numeric',
      scaler: 'zscore',
      select: { topVariance: 2000 },
    });
  });
});

describe('init --from refuses', () => {
  it('to overwrite a file', async () => {
    const out = folder();
    writeFileSync(join(out, 'experiment.yaml'), 'mine');
    await expect(init(out, { from: out })).rejects.toMatchObject({ code: 'HAF_USAGE' });
    expect(readFileSync(join(out, 'experiment.yaml'), 'utf8')).toBe('mine');
  });

  it('a folder that is not there or holds nothing, and a name that is none', async () => {
    const out = join(folder(), 'new');
    await expect(init(out, { from: join(out, 'none') })).rejects.toMatchObject({ code: 'HAF_DATA_MISSING' });
    await expect(init(out, { from: folder() })).rejects.toMatchObject({ code: 'HAF_DATA_MISSING' });
    await expect(init(out, { name: 'My Study' })).rejects.toMatchObject({ code: 'HAF_USAGE' });
    expect(existsSync(out)).toBe(false);
  });
});

it('names folders that it cannot list, on the terminal and in the file', async () => {
  const root = filesIn({
    'clinical.csv': table('PATIENT,AGE,STATUS', (n) => `${age(n)},${n % 3 ? 'alive' : 'dead'}`),
  });
  // The tests may run as root, who may list every folder. So Node must be unable to write the name of this folder:
  // the byte 0xe4 (Latin-1 for an umlaut) is not valid UTF-8.
  execFileSync('bash', ['-c', "mkdir $'Pr\\xe4'"], { cwd: root });
  const { text } = await written(root);
  const line =
    /Pr\ufffd\/: The name of the folder is not valid UTF-8, so the files in it are not found\. Rename it/;
  expect(told).toMatch(line);
  expect(text).toMatch(line);
});

it('describes how ids are written', () => {
  expect(shapeOfIds(['P001', 'P030'])).toBe(String.raw`P\d{3}`);
  expect(shapeOfIds(['HN-2005-0001-A', 'HN-2006-0030-A'])).toBe(String.raw`HN-\d{4}-\d{4}-A`);
  expect(shapeOfIds(['a-1', 'a'])).toBe(null);
  for (const pattern of patternsFor(new Set(['P.1', 'P.2']))) expect(() => new RegExp(pattern)).not.toThrow();
});

describe.skipIf(cohortsFolder === null)('init --from on real cohorts', () => {
  it.each([
    ['nki70', 'MFS_EVENT', ['Clini', 'RNA']],
    ['hepato', 'Vital status', ['Clinical', 'Markers']],
    [
      'hancock-foreign',
      'VITAL_STATUS',
      ['CliniTable', 'CellCounts', 'Diagnoses', 'Lab', 'PathologyReport', 'Cores'],
    ],
  ])('%s needs no edit', async (name, column, modalities) => {
    const { config, refused } = await written(join(cohortsFolder ?? '', name));
    expect(refused).toEqual([]);
    expect(config.data.outcome.event?.column).toBe(column);
    expect(Object.keys(config.data.modalities)).toEqual(modalities);
  });
});

it.skipIf(hancockFolder === null)('init --from knows HANCOCK', async () => {
  const { config, refused } = await written(hancockFolder ?? '');
  expect(refused).toEqual([]);
  expect(config.data.layout).toBe('hancock');
  expect(config.modalities).toEqual(['TMA', 'Clin', 'Path', 'Blood', 'ICD', 'Cell']);
});
