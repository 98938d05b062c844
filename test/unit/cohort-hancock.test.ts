import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeFile, type Outcome } from '../../src/operators/cohort/outcome-data.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { hancockOutcome, hancockTable } from '../support/hancock-tables.js';
import { joinCohort, type JoinedCohort } from '../support/join-cohort.js';
import { hancockFolder } from '../support/shared.js';

describe.skipIf(hancockFolder === null)('HANCOCK cohort', () => {
  const five = ['Clin', 'Path', 'Blood', 'ICD', 'Cell'] as const;

  const read = async (): Promise<{ outcome: Outcome; tables: Record<string, TypedTable> }> => {
    const artifact = await hancockOutcome();
    const tables: Record<string, TypedTable> = {};
    for (const modality of five) tables[modality] = (await hancockTable(modality, artifact)).table;
    return { outcome: artifact.files[outcomeFile] as Outcome, tables };
  };
  const hancock = async (rules: ConfigInput['cohort']): Promise<JoinedCohort> => {
    const { outcome, tables } = await read();
    return joinCohort({ modalities: [...five], cohort: rules }, { outcomes: outcome.patients, tables });
  };

  it('counts 763 labelled patients, 213 deceased, and keeps them all by default', async () => {
    const { data, flow, problems } = await hancock({ require: [] });
    expect(flow).toEqual([
      { step: 'labelled', patients: 763, positive: 213 },
      { step: 'with any modality', patients: 763, positive: 213 },
      { step: 'cohort', patients: 763, positive: 213 },
    ]);
    expect(problems).toEqual([]);
    const { tables } = await read();
    const having = five.map((modality) => new Set(tables[modality]?.patients));
    expect(data.patients.filter(({ id }) => having.every((ids) => ids.has(id)))).toHaveLength(626);
    const rows = having.map((ids) => data.patients.filter(({ id }) => ids.has(id)).length);
    expect(rows).toEqual([763, 763, 692, 712, 736]);
  });

  it('leaves 674 patients, 560 of them with all five tables, under tumorSpecific', async () => {
    const { flow } = await hancock({ label: 'tumorSpecific', require: [...five] });
    expect(flow[1]).toEqual({ step: 'label tumorSpecific', patients: 674, positive: 124 });
    expect(flow.at(-1)?.patients).toBe(560);
  });

  // Counts of targets.csv, read here without any of the code under test.
  const outcomes = (): { status: string; days: number }[] => {
    const path = join(hancockFolder ?? '', 'targets.csv');
    const [header = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
    const [status, days] = ['survival_status', 'days_to_last_information'].map((name) =>
      header.split(',').indexOf(name),
    );
    return lines.map((line) => ({
      status: line.split(',')[status ?? -1] ?? '',
      days: Number(line.split(',')[days ?? -1]),
    }));
  };

  it.each([
    [2, 620, 104],
    [3, 550, 139],
    [5, 416, 173],
  ])(
    'at %d years knows the status of %d patients, %d of them deceased',
    async (years, patients, deceased) => {
      const { flow, data, problems } = await hancock({
        require: [],
        label: 'landmark',
        landmarkYears: years,
      });
      const limit = years * 365.25;
      const dead = outcomes().filter(({ status, days }) => status === 'deceased' && days <= limit);
      const later = outcomes().filter(
        ({ status, days }) => days >= limit && !(status === 'deceased' && days <= limit),
      );
      expect([dead.length + later.length, dead.length]).toEqual([patients, deceased]);
      expect(flow[1]).toEqual({ step: `status at ${years} years known`, patients, positive: deceased });
      expect(data.patients.filter(({ y }) => y === 1)).toHaveLength(deceased);
      expect(problems).toHaveLength(763 - patients);
    },
  );

  it('finds 91 hypopharynx and CUP patients short of the shipped list of sites', async () => {
    const { flow } = await hancock({ require: [], includeSites: [2, 3, 4] });
    expect(flow.at(-1)?.patients).toBe(763 - 91);
  });
});
