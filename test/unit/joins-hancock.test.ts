import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { preflight } from '../../src/operators/preflight/preflight.js';
import { ambiguousNames } from '../../src/pipeline/core/hancock-names.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';
import { resolvedConfig } from '../support/resolved-config.js';

describe("names that HANCOCK's digits would make one patient", () => {
  it.each([
    [['P001_S1', 'P002_S1']],
    [['2019-0001', '2020-0001']],
    [['TCGA-CN-A60T', 'TCGA-CN-A60U', '060']],
    [['TCGA-CN-A60T-01Z-00-DX1', 'TCGA-CN-A60U-01Z-00-DX1']],
    [['001', 'A-001', 'B-001']],
    [['north_7', 'south_7']],
  ])('are two patients: %s', (names) => {
    expect(ambiguousNames(names)).toEqual(names.filter((name) => /\D/.test(name)));
  });

  it.each([
    [
      [
        '2',
        '002',
        'patient_002',
        'PrimaryTumor_HE_002',
        'PrimaryTumor_HE_002_a',
        'LymphNode_HE_002',
        'HE_002',
      ],
    ],
    [['TumorCenter_CD3_block1_x3_y4_patient007', 'InvasionFront_HE_block12_x1_y4_patient007', '7']],
    [['P001', '001', 'Slide_001', 'P001']],
    [['2019-0001', '2019-0002', '2020-0003']],
  ])('may be one patient: %s', (names) => {
    expect(ambiguousNames(names)).toBeNull();
  });
});

describe('ids of tables and names of files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-digits-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const refusals = async (ids: readonly string[], files: readonly string[]): Promise<readonly string[]> => {
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    };
    const rows = ids.map(
      (id, at) => `${id},${at % 2 === 0 ? 'living,living' : 'deceased,deceased tumor specific'},100\n`,
    );
    write(
      'targets.csv',
      `patient_id,survival_status,survival_status_with_cause,days_to_last_information\n${rows.join('')}`,
    );
    for (const file of files) write(`wsi/${file}.h5`, file);
    const config = resolvedConfig({ modalities: ['WSI'], cohort: { require: [] } });
    const found = await findSources(config, root, { hashCache: null });
    return (await preflight(config, found)).refusals.map(({ what }) => what);
  };

  it('of two years are refused although the digits agree', async () => {
    const numbers = ['0001', '0002', '0003'];
    expect(
      await refusals(
        numbers.map((n) => `2019-${n}`),
        numbers.map((n) => `2020-${n}`),
      ),
    ).toEqual([expect.stringContaining('"2019-0001" and "2020-0001" would both be patient 001') as string]);
  });

  it.each([
    [['1.0', '2.0', '3.0'], []],
    [['1,0', '2,0', '3,0'], []],
    [['12.00', '1.0', '3'], []],
    [['12.5', '1.5', '3'], [/"12\.5" is not an id/]],
    [['-9', '-8', '3'], [/"-9" is not an id/]],
    [['2.023E+17', '2.024e+17', '3'], [/scientific notation.*column as text/]],
  ])('written as numbers, %s, are whole numbers or faults', async (ids, faults) => {
    const files = ids.map((_, at) => ['HE_001', 'HE_002', 'HE_003'][at] ?? '');
    const quoted = ids.map((id) => `"${id}"`);
    const said = await refusals(
      quoted,
      faults.length === 0 && ids.includes('12.00') ? ['HE_012', ...files] : files,
    );
    expect(said).toEqual(faults.map((fault) => expect.stringMatching(fault) as string));
  });

  it('of one cohort are joined', async () => {
    expect(await refusals(['1', '002', 'patient_003'], ['HE_001', 'PrimaryTumor_HE_002_a', '003'])).toEqual(
      [],
    );
  });
});
