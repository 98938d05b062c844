import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readFeatures } from '../../src/operators/features/reading-thread.js';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import { embedFile } from './embed-file.js';
import { type Expectations, findingsOf, joined, warned } from './case-folder.js';

const columnsOf = (csv: string): string[][] =>
  csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));

interface Summary {
  readonly rows: readonly {
    readonly method: string;
    readonly auc: { readonly mean: number; readonly std: number };
  }[];
}

/** Cases of impossible values, of tables as other programs write them, and of undefined statistics. */
export const values: Expectations = {
  'follow-up-impossible': async (open) => {
    const at = open('follow-up-impossible');
    const { code } = await at.up('--set', 'train.epochs=1');
    expect(code).toBe(0);
    const problems = at.ofRun('problems.csv');
    const told = [
      ...problems.matchAll(/^warning,outcome,(\d+),targets\.csv,"line (\d+).*follow-up of (-?\d+) days/gm),
    ];
    expect(told.map(([, ...of]) => of)).toEqual([
      ['001', '2', '-3'],
      ['002', '3', '-64'],
      ['003', '4', '99999'],
      ['004', '5', '99999'],
    ]);
    const labelled = columnsOf(at.ofRun('folds/0/cell_density/predictions.csv')).map(([patient]) => patient);
    for (const id of ['001', '002', '003', '004']) expect(labelled).not.toContain(id);
  },

  'index-column': async (open) => {
    const at = open('index-column');
    expect(findingsOf(await at.survey())).toMatch(/blood\.csv Unnamed: 0: the column is a row number/);
    const { code, stderr } = await at.up();
    expect([code, stderr]).toEqual([65, expect.stringContaining('Unnamed: 0')]);
  },

  'features-all-zero': async (open) => {
    const at = open('features-all-zero');
    const { problems } = await embedFile('WSI', at.path('data/wsi/HE_003.h5'), 8);
    expect(problems).toMatchObject([
      { severity: 'warning', reason: expect.stringContaining('rows hold zeros only') as string },
    ]);
    expect((await embedFile('WSI', at.path('data/wsi/HE_004.h5'), 8)).problems).toEqual([]);
    expect((await at.inspected()).match(/HE_00\d\.h5.*rows hold zeros only/g)).toEqual([
      expect.stringMatching(/^HE_003\.h5/),
    ]);
  },

  'value-unseen-in-training': async (open) => {
    const at = open('value-unseen-in-training');
    expect((await at.up()).code).toBe(0);
    expect(at.ofRun('problems.csv')).toMatch(
      /fold 0.*No training patient has a value of ""cd8_z""; all cells count as missing/,
    );
    const [header = [], ...rows] = columnsOf(at.ofRun('folds/0/cell_density/predictions.csv'));
    const logits = rows.map((row) => Math.abs(Number(row[header.indexOf('logit')])));
    expect(Math.max(...logits)).toBeLessThan(10);
  },

  'table-empty-tail': async (open) => {
    const found = await open('table-empty-tail').survey();
    expect([findingsOf(found), joined(found)]).toEqual(['', { Cell: [12, 12] }]);
    const at = open('table-empty-tail');
    at.edit('data/tma_cell_density.csv', (text) => text.replace(/^001,/m, ','));
    expect(findingsOf(await at.survey())).toMatch(/has values but no id/);
  },

  'table-mixed-line-ends': async (open) => {
    const found = await open('table-mixed-line-ends').survey();
    expect([findingsOf(found), joined(found)]).toEqual(['', { Cell: [12, 12] }]);
  },

  'table-encodings': async (open) => {
    const columns: Record<string, readonly string[]> = {};
    for (const input of ['utf16', 'sep-line', 'semicolon-comma-titles', 'windows-1252']) {
      const found = await open('table-encodings', `input/${input}`).survey();
      expect([findingsOf(found), joined(found)], input).toEqual(['', { Blood: [12, 12] }]);
      columns[input] = found.checks?.tables[0]?.table.columns.map(({ name }) => name) ?? [];
      if (input === 'windows-1252')
        expect(warned(found).join()).toMatch(/not valid UTF-8 and was read as Windows-1252/);
    }
    expect(columns['semicolon-comma-titles']).toContain('Hemoglobin, blood');
    expect(columns['windows-1252']).toContain('Faktor Ö [µg/l]');
  },

  'delong-undefined': async (open) => {
    const at = open('delong-undefined');
    const { code, stdout } = await at.up();
    expect(code).toBe(0);
    const why =
      "fewer than two deceased patients in folds 0, 1, 2 and 3, so DeLong's variance is not defined; use stats.pooling: pooled";
    expect(stdout.toLowerCase()).toContain(why.toLowerCase());
    expect(at.ofRun('summary.json').toLowerCase()).toContain(why.toLowerCase());
    expect(at.ofRun('report.html').replaceAll('&#39;', "'").toLowerCase()).toContain(why.toLowerCase());
  },

  'equal-patients-unequal-scores': async (open) => {
    const at = open('equal-patients-unequal-scores');
    expect((await at.up()).code).toBe(0);
    const { rows } = JSON.parse(at.ofRun('summary.json')) as Summary;
    expect(rows.map(({ method, auc }) => [method, auc.mean, auc.std])).toEqual([
      ['blood', 0.5, 0],
      ['cell_density', 0.5, 0],
    ]);
  },

  security: async (open) => {
    const at = open('security', '');
    const asked = (name: string) => ({
      ...{ path: at.path(name), name, modality: 'WSI', patient: '001', tiling: 'tissue' as const },
      ...{ width: 24, onNonFinite: 'error' as const },
    });
    const refusal = async (name: string, seconds = 20): Promise<string> =>
      readFeatures(asked(name), { ...defaultLimits, seconds }).then(
        ({ rejected }) => rejected.map(({ reason }) => reason).join(),
        (error: Error) => error.message,
      );
    expect(await refusal('ext_001.h5')).toMatch(/values from other files, which are never read/);
    expect(await refusal('extdata2_001.h5')).toMatch(/from other files, which are never read/);
    expect(await refusal('unwritten_001.h5')).toMatch(/written/);
    expect(await refusal('hang_001.h5', 1)).toMatch(/took more than \d seconds/);
    expect(await at.probe('small_bomb.tif')).toMatchObject({ readable: false });
    // case.md lists fifteen attacks. Those that this function does not check need a broker, a store or a second
    // machine, and tests in test/integration cover them.
    const said = readFileSync(at.path('case.md'), 'utf8');
    expect(said.match(/^\| \d+ \|/gm)).toHaveLength(15);
  },
};
