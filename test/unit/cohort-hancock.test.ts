import { describe, expect, it } from 'vitest';
import { tablesFile, type Tables } from '../../src/operators/cohort/table-data.js';
import { tables } from '../../src/operators/cohort/tables.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { hancockTables } from '../support/hancock-tables.js';
import { joinCohort, type JoinedCohort } from '../support/join-cohort.js';
import { runStage } from '../support/run-stage.js';
import { hancockFolder } from '../support/shared.js';

describe.skipIf(hancockFolder === null)('HANCOCK cohort', () => {
  const five = ['Clin', 'Path', 'Blood', 'ICD', 'Cell'] as const;

  const hancock = async (rules: ConfigInput['cohort']): Promise<JoinedCohort> => {
    const { output } = await runStage(tables, { config: {}, sources: hancockTables() });
    return joinCohort({ modalities: [...five], cohort: rules }, output.files[tablesFile] as Tables);
  };

  it('counts 763 labelled patients, 213 deceased, and keeps them all by default', async () => {
    const { data, flow, problems } = await hancock({ require: [] });
    expect(flow).toEqual([
      { step: 'labelled', patients: 763, deceased: 213 },
      { step: 'with any modality', patients: 763, deceased: 213 },
      { step: 'cohort', patients: 763, deceased: 213 },
    ]);
    expect(problems).toEqual([]);
    expect(data.patients.filter(({ tables: rows }) => Object.keys(rows).length === 5)).toHaveLength(626);
    const rows = five.map((modality) => data.patients.filter((patient) => patient.tables[modality]).length);
    expect(rows).toEqual([763, 763, 692, 712, 736]);
  });

  it('leaves 674 patients, 560 of them with all five tables, under tumorSpecific', async () => {
    const { flow } = await hancock({ label: 'tumorSpecific', require: [...five] });
    expect(flow[1]).toEqual({ step: 'label tumorSpecific', patients: 674, deceased: 124 });
    expect(flow.at(-1)?.patients).toBe(560);
  });

  it('finds 91 hypopharynx and CUP patients short of the shipped list of sites', async () => {
    const { flow } = await hancock({ require: [], includeSites: [2, 3, 4] });
    expect(flow.at(-1)?.patients).toBe(763 - 91);
  });
});
