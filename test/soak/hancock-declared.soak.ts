import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { cli } from '../support/cli.js';
import { cohortsFolder, hancockFolder } from '../support/shared.js';

/**
 * HANCOCK's patients with other ids, with words in place of codes and months in place of days. They are declared with
 * `layout: own`.
 */
const declared = {
  layout: 'own',
  patients: { id: ['PATIENT', 'Sample ID', 'case'] },
  outcome: {
    file: 'clini_table.csv',
    event: { column: 'VITAL_STATUS', positive: ['Dead'], negative: ['Alive'] },
    time: { column: 'OS_MONTHS', unit: 'months' },
  },
  modalities: {
    TMA: { kind: 'bag', files: 'cores/*.npz', width: 256 },
    Clin: {
      kind: 'table',
      file: 'clini_table.csv',
      columns: { GENDER: 'binary', 'M1 AT DIAGNOSIS': 'binary', SMOKING: 'nominal', AGE: 'numeric' },
      others: 'ignore',
    },
    Path: {
      kind: 'table',
      file: 'pathology_report.tsv',
      columns: {
        perinodal_invasion: 'binary',
        lymphovascular_invasion_L: 'binary',
        vascular_invasion_V: 'binary',
        perineural_invasion_Pn: 'binary',
        carcinoma_in_situ: 'binary',
        primary_tumor_site: 'nominal',
        grading: 'nominal',
        hpv_association_p16: 'nominal',
        resection_status: 'nominal',
        resection_status_carcinoma_in_situ: 'nominal',
        histologic_type: 'nominal',
        number_of_positive_lymph_nodes: 'numeric',
        infiltration_depth_in_mm: 'numeric',
        pT_stage: { ordinal: 'pT0 pT1 pT1a pT1b pT2 pT3 pT4 pT4a pT4b'.split(' ') },
        pN_stage: { ordinal: 'pN0 pN1 pN1a pN1b pN2 pN2a pN2b pN2c pN3 pN3b'.split(' ') },
      },
    },
    Blood: { kind: 'table', file: 'lab.csv', others: 'numeric' },
    ICD: { kind: 'table', file: 'diagnoses.csv', others: 'numeric' },
    Cell: { kind: 'table', file: 'cell_counts.csv', others: 'numeric' },
  },
};

/** Maps HANCOCK's name of a method to the name that the method has in other cohorts. */
const family: Readonly<Record<string, string>> = {
  tma_clam: 'mil-TMA',
  blood: 'table-Blood',
  clinical: 'table-Clin',
  icd: 'table-ICD',
  pathological: 'table-Path',
  cell_density: 'table-Cell',
};

/** The number of a patient. `HN-2005-0031-A` and `031` are both patient 31. */
const numberOf = (patient: string): number => Number(/(\d+)(?:-A)?$/.exec(patient)?.[1]);

/** The probability `p` of each patient in a prediction file, in the order of the patients' numbers. */
function probabilities(file: string): ReadonlyMap<number, string> {
  const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const column = header.split(',').indexOf('p');
  const found = lines.map((line): [number, string] => {
    const cells = line.split(',');
    return [numberOf(cells[0] ?? ''), cells[column] ?? ''];
  });
  return new Map(found.sort(([a], [b]) => a - b));
}

const onlyRun = (folder: string): string => join(folder, 'runs', readdirSync(join(folder, 'runs'))[0] ?? '');

describe.skipIf(hancockFolder === null || cohortsFolder === null)('HANCOCK declared as an own cohort', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-declared-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the predictions of layout hancock, patient by patient, in all rows', async () => {
    const example = readFileSync(join(import.meta.dirname, '../../examples/hancock-tables.yaml'), 'utf8');
    const { methods, data, ...rest } = parse(example) as {
      readonly methods: readonly string[];
      readonly data: object;
    };
    const short = { ...rest, cv: { folds: 3 }, train: { epochs: 3 } };
    const cohorts = {
      hancock: { ...short, methods, data: { ...data, root: hancockFolder } },
      own: {
        ...short,
        modalities: undefined,
        methods: methods.map((id) => family[id] ?? id),
        data: { ...declared, root: join(cohortsFolder ?? '', 'hancock-foreign') },
        mfmf: { sequence: ['TMA'] },
        // The layout `hancock` uses this value. Elsewhere, the default leaves out columns that a fold cannot learn.
        tabular: { untrained: 'used' },
      },
    };
    const runs: Record<string, string> = {};
    for (const [name, experiment] of Object.entries(cohorts)) {
      const place = mkdtempSync(join(folder, name));
      writeFileSync(join(place, 'experiment.yaml'), stringify(experiment));
      const { code, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], place);
      expect(code, stderr).toBe(0);
      runs[name] = onlyRun(place);
    }
    let compared = 0;
    for (const fold of [0, 1, 2])
      for (const id of methods) {
        const of = (run: string, method: string): ReadonlyMap<number, string> =>
          probabilities(join(runs[run] ?? '', 'folds', String(fold), method, 'predictions.csv'));
        const own = of('own', family[id] ?? id);
        expect([...own], `${id}, fold ${String(fold)}`).toEqual([...of('hancock', id)]);
        compared += own.size;
      }
    console.log(`${String(compared)} predictions of ${String(methods.length)} rows are equal`);
    expect(compared).toBeGreaterThan(700 * methods.length);
  });
});
